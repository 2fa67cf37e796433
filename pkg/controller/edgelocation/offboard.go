// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgelocation

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/peering"
)

// offboard deletes in the safe order: the edges, then the peering, then the
// object. The other order would strand machines that nobody can delete.
func (r *Reconciler) offboard(ctx context.Context, location *v1beta1.EdgeLocation) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(location, v1beta1.FinalizerCleanup) {
		return reconcile.Result{}, nil
	}
	say := func(reason, format string, args ...any) {
		meta.SetStatusCondition(&location.Status.Conditions, metav1.Condition{
			Type: v1beta1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason,
			Message: fmt.Sprintf(format, args...), ObservedGeneration: location.Generation,
		})
	}
	edges, err := r.edges(ctx, location)
	if err != nil {
		return reconcile.Result{}, err
	}
	for i := range edges {
		if err := r.Omni.Delete(ctx, &edges[i], client.Preconditions{UID: &edges[i].UID}); client.IgnoreNotFound(err) != nil {
			return reconcile.Result{}, fmt.Errorf("delete edge %s: %w", edges[i].Name, err)
		}
	}
	if len(edges) > 0 {
		say("DeletingEdges", "%d edges are being deleted", len(edges))
		return reconcile.Result{}, nil
	}
	if waiting, err := r.unpeer(ctx, location); err != nil || waiting != "" {
		if err != nil {
			waiting = err.Error()
		}
		say("Unpeering", "%s", waiting)
		return reconcile.Result{RequeueAfter: progressInterval}, nil
	}
	if err := r.Connect.Release(ctx, location); err != nil {
		return reconcile.Result{}, err
	}
	before := location.DeepCopy()
	controllerutil.RemoveFinalizer(location, v1beta1.FinalizerCleanup)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return reconcile.Result{}, client.IgnoreNotFound(r.Omni.Patch(ctx, location, patch))
}

// unpeerBound is how long an edge cluster that does not answer is waited for. What
// is left in it then is its owner's to clean up.
const unpeerBound = 10 * time.Minute

// unpeer says what it waits for, nothing when the peering is gone. A location
// that never had a peering has none to remove, whatever its Secret says.
func (r *Reconciler) unpeer(ctx context.Context, location *v1beta1.EdgeLocation) (waiting string, err error) {
	if location.Status.EdgeClusterID == "" {
		return "", nil
	}
	progress, err := r.removePeering(ctx, location)
	if err == nil || r.Clock.Since(location.DeletionTimestamp.Time) < unpeerBound {
		return progress.Waiting, err
	}
	p, err := r.Connect.Peering(ctx, location, nil)
	if err != nil {
		return "", err
	}
	progress, err = p.RemoveFromMain(ctx)
	return progress.Waiting, err
}

func (r *Reconciler) removePeering(ctx context.Context, location *v1beta1.EdgeLocation) (peering.Progress, error) {
	cluster, err := r.Connect.EdgeCluster(ctx, location)
	if err != nil {
		return peering.Progress{}, err
	}
	p, err := r.Connect.Peering(ctx, location, cluster)
	if err != nil {
		return peering.Progress{}, err
	}
	return p.Remove(ctx)
}
