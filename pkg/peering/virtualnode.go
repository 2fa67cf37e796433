// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"context"
	"fmt"
	"maps"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	"github.com/liqotech/liqo/pkg/consts"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// VirtualNode is the Node of an edge in the main cluster.
type VirtualNode struct {
	// Name of the Node in both clusters.
	Name string
	// Labels and Taints the Node is created with. Taints are never changed
	// afterwards: the virtual kubelet patches them by index.
	Labels map[string]string
	Taints []corev1.Taint
	// Allocatable of the machine: Liqo's default class would accept anything.
	Allocatable corev1.ResourceList
	// NodeSelector pins the pods to the machine in the edge cluster.
	NodeSelector map[string]string
}

// EnsureVirtualNode declares a virtual node. It is done when Liqo has all it needs
// to bring the Node up; whether the Node is Ready is the Node's to say.
func (p *Peering) EnsureVirtualNode(ctx context.Context, n VirtualNode) (Progress, error) {
	node := p.virtualNode(n.Name)
	err := p.Main.Get(ctx, client.ObjectKeyFromObject(node), node)
	if err == nil {
		return Progress{Done: true}, nil
	}
	if !apierrors.IsNotFound(err) {
		return Progress{}, fmt.Errorf("read the virtual node: %w", err)
	}
	slice, progress, err := p.ensureSlice(ctx, n)
	if err != nil || !progress.Done {
		return progress, err
	}
	var identity authv1beta1.Identity
	err = p.Main.Get(ctx, client.ObjectKey{Namespace: p.TenantNamespace(), Name: "resourceslice-" + n.Name}, &identity)
	if apierrors.IsNotFound(err) || err == nil && identity.Status.KubeconfigSecretRef == nil {
		return waiting("Liqo has not stored the identity of the node yet"), nil
	}
	if err != nil {
		return Progress{}, fmt.Errorf("read the identity of the node: %w", err)
	}
	return p.createVirtualNode(ctx, n, slice, identity.Status.KubeconfigSecretRef)
}

func (p *Peering) virtualNode(name string) *offloadingv1beta1.VirtualNode {
	return &offloadingv1beta1.VirtualNode{ObjectMeta: metav1.ObjectMeta{Namespace: p.TenantNamespace(), Name: name}}
}

func (p *Peering) slice(name string) *authv1beta1.ResourceSlice {
	return &authv1beta1.ResourceSlice{ObjectMeta: metav1.ObjectMeta{Namespace: p.TenantNamespace(), Name: name}}
}

// ensureSlice asks the edge cluster for the resources of the machine. It is done
// when the edge cluster has accepted both the identity and the resources.
func (p *Peering) ensureSlice(ctx context.Context, n VirtualNode) (*authv1beta1.ResourceSlice, Progress, error) {
	slice := p.slice(n.Name)
	err := p.Main.Get(ctx, client.ObjectKeyFromObject(slice), slice)
	if apierrors.IsNotFound(err) {
		slice.Labels = map[string]string{
			consts.ReplicationRequestedLabel:   consts.ReplicationRequestedLabelValue,
			consts.ReplicationDestinationLabel: p.EdgeID,
			consts.RemoteClusterID:             p.EdgeID,
		}
		slice.Spec = authv1beta1.ResourceSliceSpec{
			Class:             authv1beta1.ResourceSliceClassDefault,
			ProviderClusterID: new(liqov1beta1.ClusterID(p.EdgeID)),
			Resources:         n.Allocatable,
		}
		// A cache that lags sees no slice for a moment after it was made.
		err = client.IgnoreAlreadyExists(p.Main.Create(ctx, slice))
	}
	if err != nil {
		return nil, Progress{}, fmt.Errorf("resource slice: %w", err)
	}
	accepted := 0
	for _, condition := range slice.Status.Conditions {
		switch condition.Status {
		case authv1beta1.ResourceSliceConditionAccepted:
			accepted++
		case authv1beta1.ResourceSliceConditionDenied:
			return nil, Progress{}, fmt.Errorf("the edge cluster denied the resource slice: %s: %s", condition.Reason, condition.Message)
		}
	}
	// Authentication and Resources.
	if accepted < 2 {
		return slice, waiting("the edge cluster has not accepted the resource slice yet"), nil
	}
	return slice, Progress{Done: true}, nil
}

func (p *Peering) createVirtualNode(ctx context.Context, n VirtualNode, slice *authv1beta1.ResourceSlice, kubeconfig *corev1.LocalObjectReference) (Progress, error) {
	node := p.virtualNode(n.Name)
	node.Labels = map[string]string{consts.RemoteClusterID: p.EdgeID}
	labels := map[string]string{consts.RemoteClusterID: p.EdgeID}
	maps.Copy(labels, n.Labels)
	node.Spec = offloadingv1beta1.VirtualNodeSpec{
		ClusterID:           liqov1beta1.ClusterID(p.EdgeID),
		KubeconfigSecretRef: kubeconfig,
		ResourceQuota:       corev1.ResourceQuotaSpec{Hard: slice.Status.Resources},
		Labels:              labels,
		Taints:              n.Taints,
		OffloadingPatch:     &offloadingv1beta1.OffloadingPatch{NodeSelector: n.NodeSelector},
	}
	if err := controllerutil.SetControllerReference(slice, node, p.Main.Scheme()); err != nil {
		return Progress{}, err
	}
	if err := client.IgnoreAlreadyExists(p.Main.Create(ctx, node)); err != nil {
		return Progress{}, fmt.Errorf("create the virtual node: %w", err)
	}
	return Progress{Done: true}, nil
}

// RemoveVirtualNode takes the Node out of the main cluster. The pods on it have to
// be gone before: Liqo removes one virtual node at a time and would wait for them.
func (p *Peering) RemoveVirtualNode(ctx context.Context, name string) (Progress, error) {
	done, err := gone(ctx, p.Main, p.virtualNode(name))
	if err != nil {
		return Progress{}, fmt.Errorf("delete the virtual node: %w", err)
	}
	if !done {
		return waiting("Liqo is removing the virtual node"), nil
	}
	if done, err = gone(ctx, p.Main, p.slice(name)); err != nil {
		return Progress{}, fmt.Errorf("delete the resource slice: %w", err)
	}
	if !done {
		return waiting("Liqo is removing the resource slice"), nil
	}
	return Progress{Done: true}, nil
}
