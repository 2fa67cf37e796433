// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package peering_test

import (
	"errors"
	"strings"
	"testing"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	"github.com/liqotech/liqo/pkg/liqo-controller-manager/authentication"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/peering"
	"github.com/castai/omni/test/object"
)

// pair is two clusters with the keys that Liqo makes at its start.
func pair(t *testing.T) *peering.Peering {
	t.Helper()
	scheme := object.Scheme(t, peering.AddToScheme)
	newClient := func() client.Client {
		return fakeclient.NewClientBuilder().WithScheme(scheme).
			WithStatusSubresource(&authv1beta1.Tenant{}, &authv1beta1.Identity{}).Build()
	}
	p := &peering.Peering{Main: newClient(), Edge: newClient(), MainID: "main", EdgeID: "edge", Owner: "team-a/oregon/1"}
	if err := authentication.InitClusterKeys(t.Context(), p.Main, "liqo", false); err != nil {
		t.Fatal(err)
	}
	return p
}

func ensure(t *testing.T, p *peering.Peering) peering.Progress {
	t.Helper()
	progress, err := p.Ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return progress
}

func waitsFor(t *testing.T, p *peering.Peering, what string) {
	t.Helper()
	if progress := ensure(t, p); progress.Done || !strings.Contains(progress.Waiting, what) {
		t.Fatalf("progress = %+v, want it to wait for %q", progress, what)
	}
}

// write does what Liqo does in one of the clusters.
func write(t *testing.T, c client.Client, o client.Object, change func()) {
	t.Helper()
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		t.Fatal(err)
	}
	change()
	withStatus := o.DeepCopyObject().(client.Object)
	if err := c.Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	withStatus.SetResourceVersion(o.GetResourceVersion())
	if err := c.Status().Update(t.Context(), withStatus); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
}

func TestHandshakeAndRemoval(t *testing.T) {
	p := pair(t)
	waitsFor(t, p, "nonce")
	nonce := &corev1.Secret{}
	nonce.Namespace, nonce.Name = "liqo-tenant-main", "liqo-nonce"
	write(t, p.Edge, nonce, func() { nonce.Data = map[string][]byte{"nonce": []byte("n")} })

	waitsFor(t, p, "signed")
	signed := &corev1.Secret{}
	signed.Namespace, signed.Name = "liqo-tenant-edge", "liqo-signed-nonce"
	write(t, p.Main, signed, func() {
		if string(signed.Data["nonce"]) != "n" {
			t.Errorf("the main cluster signs %q", signed.Data["nonce"])
		}
		signed.Data["signedNonce"] = []byte("s")
	})

	waitsFor(t, p, "admitted")
	tenant := &authv1beta1.Tenant{}
	tenant.Namespace, tenant.Name = "liqo-tenant-main", "main"
	var csr string
	write(t, p.Edge, tenant, func() {
		csr = string(tenant.Spec.CSR)
		tenant.Status = authv1beta1.TenantStatus{TenantNamespace: "liqo-tenant-main", AuthParams: &authv1beta1.AuthParams{APIServer: "https://edge"}}
	})
	waitsFor(t, p, "stored")
	write(t, p.Edge, tenant, func() {
		if string(tenant.Spec.CSR) != csr {
			t.Error("the certificate request was forged again")
		}
	})
	identity := &authv1beta1.Identity{}
	identity.Namespace, identity.Name = "liqo-tenant-edge", "controlplane-edge"
	write(t, p.Main, identity, func() { identity.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "k"} })
	if !ensure(t, p).Done {
		t.Fatal("not peered at the end of the handshake")
	}
	removeAll(t, p)
}

func removeAll(t *testing.T, p *peering.Peering) {
	t.Helper()
	foreign := &liqov1beta1.ForeignCluster{}
	foreign.Name = "edge"
	renew := &authv1beta1.Renew{}
	renew.Namespace, renew.Name, renew.Finalizers = "liqo-tenant-edge", "controlplane-edge", []string{"crdreplicator.liqo.io/resource"}
	for _, o := range []client.Object{foreign, renew} {
		if err := p.Main.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 15 {
		if n == 5 {
			// Only now has Liqo removed the mirror, with the tenant's rights.
			if err := p.Edge.Get(t.Context(), client.ObjectKey{Namespace: "liqo-tenant-main", Name: "main"}, &authv1beta1.Tenant{}); err != nil {
				t.Fatalf("the tenant went before the renewals: %v", err)
			}
			write(t, p.Main, renew, func() { renew.Finalizers = nil })
		}
		progress, err := p.Remove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if progress.Done {
			break
		}
	}
	for what, o := range map[string]struct {
		c    client.Client
		list client.ObjectList
	}{
		"identities":       {p.Main, &authv1beta1.IdentityList{}},
		"tenants":          {p.Edge, &authv1beta1.TenantList{}},
		"foreign clusters": {p.Main, &liqov1beta1.ForeignClusterList{}},
		"main namespaces":  {p.Main, &corev1.NamespaceList{}},
		"edge namespaces":  {p.Edge, &corev1.NamespaceList{}},
	} {
		if err := o.c.List(t.Context(), o.list); err != nil {
			t.Fatal(err)
		}
		if left := lenOf(o.list); left != 0 {
			t.Errorf("%d %s are left", left, what)
		}
	}
}

func lenOf(list client.ObjectList) int {
	switch l := list.(type) {
	case *authv1beta1.IdentityList:
		return len(l.Items)
	case *authv1beta1.TenantList:
		return len(l.Items)
	case *liqov1beta1.ForeignClusterList:
		return len(l.Items)
	case *corev1.NamespaceList:
		return len(l.Items)
	}
	return -1
}

// One edge cluster serves one location, and another one cannot take it away.
func TestAnotherLocationIsRefused(t *testing.T) {
	first := pair(t)
	ensure(t, first)
	second := *first
	second.Owner = "team-b/oregon/2"
	_, err := second.Ensure(t.Context())
	if taken, ok := errors.AsType[*peering.TakenError](err); !ok || taken.Owner != first.Owner {
		t.Fatalf("err = %v, want a TakenError that names %s", err, first.Owner)
	}
	if progress, err := second.Remove(t.Context()); err != nil || !progress.Done {
		t.Fatalf("Remove = %+v, %v", progress, err)
	}
	var namespaces corev1.NamespaceList
	if err := first.Main.List(t.Context(), &namespaces); err != nil || len(namespaces.Items) != 1 {
		t.Errorf("the first location's namespace is gone: %v, %v", namespaces.Items, err)
	}
}
