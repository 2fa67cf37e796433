// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"context"
	"errors"
	"fmt"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	"github.com/liqotech/liqo/pkg/consts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// removal is one object of a peering, in one of the clusters.
type removal struct {
	client client.Client
	object client.Object
	what   string
}

// Remove takes the peering away, in Liqo's order. It is done when nothing of it is
// left in either cluster. The virtual nodes have to be gone before. A peering that
// is not this location's is left alone.
func (p *Peering) Remove(ctx context.Context) (Progress, error) {
	main, edge := p.removals()
	// Liqo's channel for renewals is mirrored to the edge cluster. It has to be
	// gone before the tenant: without the tenant's rights the mirror could not be
	// removed, and its finalizers would hold the tenant namespace for ever.
	renewals := removal{p.Main, &authv1beta1.Renew{ObjectMeta: p.identity().ObjectMeta}, "the renewals of the identity"}
	return p.remove(ctx, []removal{main[0], renewals, edge[0], main[1], edge[1], main[2], edge[2]})
}

// RemoveFromMain takes away the main cluster's part, when the edge cluster is gone
// for ever.
func (p *Peering) RemoveFromMain(ctx context.Context) (Progress, error) {
	foreign := &liqov1beta1.ForeignCluster{}
	foreign.Name = p.EdgeID
	// Or Liqo would wait for the cluster that is gone.
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"true"}}}`,
		consts.ForeignClusterPermanentlyUnreachableAnnotationKey))
	if err := p.Main.Patch(ctx, foreign, patch); client.IgnoreNotFound(err) != nil {
		return Progress{}, fmt.Errorf("give the ForeignCluster up: %w", err)
	}
	main, _ := p.removals()
	return p.remove(ctx, main)
}

// removals are the three objects of a peering in each cluster.
func (p *Peering) removals() (main, edge []removal) {
	meta := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	return []removal{
			{p.Main, p.identity(), "the identity in the main cluster"},
			{p.Main, &corev1.Namespace{ObjectMeta: meta("", p.TenantNamespace())}, "the tenant namespace in the main cluster"},
			// Liqo never deletes these and would keep asking for a cluster that left.
			{p.Main, &liqov1beta1.ForeignCluster{ObjectMeta: meta("", p.EdgeID)}, "the ForeignCluster in the main cluster"},
		}, []removal{
			{p.Edge, &authv1beta1.Tenant{ObjectMeta: meta(p.remoteTenantNamespace(), p.MainID)}, "the tenant in the edge cluster"},
			{p.Edge, &corev1.Namespace{ObjectMeta: meta("", p.remoteTenantNamespace())}, "the tenant namespace in the edge cluster"},
			{p.Edge, &liqov1beta1.ForeignCluster{ObjectMeta: meta("", p.MainID)}, "the ForeignCluster in the edge cluster"},
		}
}

func (p *Peering) remove(ctx context.Context, steps []removal) (Progress, error) {
	err := p.CheckOwner(ctx)
	if _, taken := errors.AsType[*TakenError](err); taken {
		return Progress{Done: true}, nil
	}
	if err != nil {
		return Progress{}, err
	}
	for _, step := range steps {
		done, err := gone(ctx, step.client, step.object)
		if err != nil {
			return Progress{}, fmt.Errorf("delete %s: %w", step.what, err)
		}
		if !done {
			return waiting("%s is being deleted", step.what), nil
		}
	}
	return Progress{Done: true}, nil
}
