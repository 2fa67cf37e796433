// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package peering declares Liqo's objects on the main and on the edge cluster: one
// peering for each edge location, one virtual node for each edge. Every function
// is level-triggered: it does what can be done now and says what it waits for.
package peering

import (
	"context"
	"fmt"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	"github.com/liqotech/liqo/pkg/consts"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// liqoNamespace is where Liqo's chart puts the keys of a cluster.
const liqoNamespace = "liqo"

// AddToScheme registers the kinds of Liqo that are used.
func AddToScheme(scheme *runtime.Scheme) error {
	for _, add := range []func(*runtime.Scheme) error{
		liqov1beta1.AddToScheme, authv1beta1.AddToScheme, offloadingv1beta1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	return nil
}

// Peering is the relation between the main cluster and the cluster of a location.
type Peering struct {
	// Main and Edge are clients of the two clusters. Main may be cached, but
	// must not cache Secrets. Edge is nil when only the main cluster's part is
	// to be removed.
	Main, Edge client.Client
	// MainID and EdgeID identify the clusters to Liqo.
	MainID, EdgeID string
	// Owner identifies the EdgeLocation; another location cannot take the
	// same edge cluster.
	Owner string
}

// Progress says whether something is as it should be, and what it waits for.
type Progress struct {
	Done bool
	// Waiting is one sentence for people, empty when Done.
	Waiting string
}

func waiting(format string, args ...any) Progress {
	return Progress{Waiting: fmt.Sprintf(format, args...)}
}

// TakenError says that this edge cluster is not the location's to peer with.
type TakenError struct {
	EdgeID string
	// Owner is the EdgeLocation that is peered with it, empty when the peering
	// was made by somebody else.
	Owner string
}

// Error names the cluster and who has it.
func (e *TakenError) Error() string {
	owner := e.Owner
	if owner == "" {
		owner = "a peering that OMNI did not make"
	}
	return fmt.Sprintf("edge cluster %q belongs to %s: one edge cluster serves one edge location", e.EdgeID, owner)
}

// CheckOwner returns a *TakenError unless the peering is this location's or does
// not exist. The edge cluster names itself, and its team may name it as another's:
// so this is asked before anything else.
func (p *Peering) CheckOwner(ctx context.Context) error {
	if p.EdgeID == p.MainID {
		return &TakenError{EdgeID: p.EdgeID, Owner: "the main cluster itself"}
	}
	var namespace corev1.Namespace
	err := p.Main.Get(ctx, client.ObjectKey{Name: p.TenantNamespace()}, &namespace)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the tenant namespace: %w", err)
	}
	if owner := namespace.Annotations[annotationOwner]; owner != p.Owner {
		return &TakenError{EdgeID: p.EdgeID, Owner: owner}
	}
	return nil
}

// TenantNamespace is the namespace of the peering in the main cluster.
func (p *Peering) TenantNamespace() string { return "liqo-tenant-" + p.EdgeID }

// remoteTenantNamespace is the namespace of the peering in the edge cluster.
func (p *Peering) remoteTenantNamespace() string { return "liqo-tenant-" + p.MainID }

// annotationOwner on the tenant namespace names the EdgeLocation.
const annotationOwner = v1beta1.GroupName + "/owner"

func (p *Peering) ensureTenantNamespaces(ctx context.Context) error {
	local := &corev1.Namespace{}
	local.Name = p.TenantNamespace()
	_, err := controllerutil.CreateOrUpdate(ctx, p.Main, local, func() error {
		set(&local.Annotations, annotationOwner, p.Owner)
		set(&local.Labels, consts.RemoteClusterID, p.EdgeID)
		set(&local.Labels, consts.TenantNamespaceLabel, "true")
		return nil
	})
	if err != nil {
		return fmt.Errorf("tenant namespace in the main cluster: %w", err)
	}
	remote := &corev1.Namespace{}
	remote.Name = p.remoteTenantNamespace()
	_, err = controllerutil.CreateOrUpdate(ctx, p.Edge, remote, func() error {
		set(&remote.Labels, consts.RemoteClusterID, p.MainID)
		set(&remote.Labels, consts.TenantNamespaceLabel, "true")
		return nil
	})
	if err != nil {
		return fmt.Errorf("tenant namespace in the edge cluster: %w", err)
	}
	return nil
}

func set(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

// gone deletes an object and says whether the API has forgotten it.
func gone(ctx context.Context, c client.Client, object client.Object) (bool, error) {
	err := c.Delete(ctx, object)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	// Conflict is how a namespace says that it is being deleted already.
	if err != nil && !apierrors.IsConflict(err) {
		return false, err
	}
	return false, nil
}
