// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"context"
	"encoding/pem"
	"fmt"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	"github.com/liqotech/liqo/pkg/consts"
	"github.com/liqotech/liqo/pkg/liqo-controller-manager/authentication"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// Ensure makes the two clusters know each other: the edge cluster gives a nonce,
// the main cluster signs it, the edge cluster admits the main one as a tenant, and
// the main cluster keeps the identity it was given.
func (p *Peering) Ensure(ctx context.Context) (Progress, error) {
	if err := p.CheckOwner(ctx); err != nil {
		return Progress{}, err
	}
	if peered, err := p.isPeered(ctx); err != nil || peered {
		return Progress{Done: peered}, err
	}
	if err := p.ensureTenantNamespaces(ctx); err != nil {
		return Progress{}, err
	}
	tenant, err := p.tenant(ctx)
	if err != nil {
		return Progress{}, err
	}
	if tenant == nil {
		signature, progress, err := p.signature(ctx)
		if err != nil || !progress.Done {
			return progress, err
		}
		if tenant, err = p.createTenant(ctx, signature); err != nil {
			return Progress{}, err
		}
	}
	if tenant.Status.AuthParams == nil || tenant.Status.TenantNamespace == "" {
		return waiting("the edge cluster has not admitted the main cluster yet"), nil
	}
	return p.ensureIdentity(ctx, tenant)
}

func (p *Peering) identity() *authv1beta1.Identity {
	return &authv1beta1.Identity{ObjectMeta: metav1.ObjectMeta{
		Namespace: p.TenantNamespace(), Name: "controlplane-" + p.EdgeID,
	}}
}

// isPeered is the short way for the usual case: both ends of the handshake exist.
func (p *Peering) isPeered(ctx context.Context) (bool, error) {
	identity := p.identity()
	err := p.Main.Get(ctx, client.ObjectKeyFromObject(identity), identity)
	if apierrors.IsNotFound(err) || err == nil && identity.Status.KubeconfigSecretRef == nil {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the identity: %w", err)
	}
	tenant, err := p.tenant(ctx)
	return tenant != nil, err
}

// tenant returns the main cluster as the edge cluster knows it, nil if it does not.
func (p *Peering) tenant(ctx context.Context) (*authv1beta1.Tenant, error) {
	tenant := &authv1beta1.Tenant{}
	err := p.Edge.Get(ctx, client.ObjectKey{Namespace: p.remoteTenantNamespace(), Name: p.MainID}, tenant)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tenant in the edge cluster: %w", err)
	}
	return tenant, nil
}

// signature returns the edge cluster's nonce, signed by the main cluster.
func (p *Peering) signature(ctx context.Context) ([]byte, Progress, error) {
	nonce, err := p.exchange(ctx, p.Edge, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: p.remoteTenantNamespace(), Name: "liqo-nonce",
		Labels: map[string]string{consts.NonceSecretLabelKey: "true", consts.RemoteClusterID: p.MainID},
	}}, consts.NonceSecretField)
	if err != nil || len(nonce) == 0 {
		return nil, waiting("the edge cluster has not given a nonce yet"), err
	}
	signed, err := p.exchange(ctx, p.Main, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.TenantNamespace(), Name: "liqo-signed-nonce",
			Labels: map[string]string{consts.SignedNonceSecretLabelKey: "true", consts.RemoteClusterID: p.EdgeID},
		},
		Data: map[string][]byte{consts.NonceSecretField: nonce},
	}, consts.SignedNonceSecretField)
	if err != nil || len(signed) == 0 {
		return nil, waiting("the main cluster has not signed the nonce yet"), err
	}
	return signed, Progress{Done: true}, nil
}

// exchange creates a Secret if it is not there and returns what Liqo wrote in it.
func (p *Peering) exchange(ctx context.Context, c client.Client, secret *corev1.Secret, field string) ([]byte, error) {
	err := c.Create(ctx, secret.DeepCopy())
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("create Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(secret), secret); err != nil {
		return nil, fmt.Errorf("read Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return secret.Data[field], nil
}

// createTenant is called once: the edge cluster compares the CSR it has with one
// that is presented later, so that it is never forged again.
func (p *Peering) createTenant(ctx context.Context, signature []byte) (*authv1beta1.Tenant, error) {
	privateKey, publicKey, err := authentication.GetClusterKeys(ctx, p.Main, liqoNamespace)
	if err != nil {
		return nil, fmt.Errorf("read the keys of the main cluster: %w", err)
	}
	csr, err := authentication.GenerateCSRForControlPlane(privateKey, liqov1beta1.ClusterID(p.MainID))
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	tenant := &authv1beta1.Tenant{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.remoteTenantNamespace(), Name: p.MainID,
			Labels: map[string]string{consts.RemoteClusterID: p.MainID},
		},
		Spec: authv1beta1.TenantSpec{
			ClusterID: liqov1beta1.ClusterID(p.MainID),
			PublicKey: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicKey}),
			CSR:       csr,
			Signature: signature,
		},
	}
	if err := p.Edge.Create(ctx, tenant); err != nil {
		return nil, fmt.Errorf("create the tenant in the edge cluster: %w", err)
	}
	return tenant, nil
}

func (p *Peering) ensureIdentity(ctx context.Context, tenant *authv1beta1.Tenant) (Progress, error) {
	identity := p.identity()
	_, err := controllerutil.CreateOrUpdate(ctx, p.Main, identity, func() error {
		set(&identity.Labels, consts.RemoteClusterID, p.EdgeID)
		identity.Spec = authv1beta1.IdentitySpec{
			ClusterID:  liqov1beta1.ClusterID(p.EdgeID),
			Type:       authv1beta1.ControlPlaneIdentityType,
			AuthParams: *tenant.Status.AuthParams,
			Namespace:  &tenant.Status.TenantNamespace,
		}
		return nil
	})
	if err != nil {
		return Progress{}, fmt.Errorf("identity in the main cluster: %w", err)
	}
	if identity.Status.KubeconfigSecretRef == nil {
		return waiting("the main cluster has not stored its identity yet"), nil
	}
	return Progress{Done: true}, nil
}
