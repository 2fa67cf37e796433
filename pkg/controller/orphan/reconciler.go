// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package orphan terminates machines that no Edge knows of. The lifecycle of an
// Edge leaks none that we know of; this is for what we do not know of.
package orphan

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/connection"
)

const (
	// sweepInterval is how often a location is looked at.
	sweepInterval = 5 * time.Minute
	// minAge spares machines that are so young that something may still be
	// under way.
	minAge = 10 * time.Minute
	// More orphans than these in one sweep are not leaks: something is wrong
	// with what is known of the edges, and nothing is terminated.
	mostOrphans, mostPercent = 10, 20
)

// Reconciler sweeps EdgeLocations.
type Reconciler struct {
	// Omni reads locations from the cache, Direct reads edges from the server:
	// a cache that lags would make orphans of machines.
	Omni     client.Client
	Direct   client.Reader
	Connect  connection.Connector
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

// SetupWithManager visits every location, again and again.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	// The visits follow one another by themselves.
	once := predicate.TypedFuncs[*v1beta1.EdgeLocation]{UpdateFunc: func(event.TypedUpdateEvent[*v1beta1.EdgeLocation]) bool { return false }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("orphan").
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, &handler.TypedEnqueueRequestForObject[*v1beta1.EdgeLocation]{}, once)).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	location := &v1beta1.EdgeLocation{}
	if err := r.Omni.Get(ctx, request.NamespacedName, location); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if location.IsCustom() {
		return reconcile.Result{}, nil // there is no cloud to sweep
	}
	if location.DeletionTimestamp.IsZero() && meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionReady) {
		if err := r.sweep(ctx, location); err != nil {
			return reconcile.Result{}, err
		}
	}
	return reconcile.Result{RequeueAfter: sweepInterval}, nil
}

func (r *Reconciler) sweep(ctx context.Context, location *v1beta1.EdgeLocation) error {
	provider, err := r.Connect.Provider(ctx, location)
	if err != nil {
		return err
	}
	// The machines first: an Edge is stored before its machine is launched, so
	// that the edges read after them include the owner of every machine.
	machines, err := provider.List(ctx)
	if err != nil {
		return err
	}
	var edges v1beta1.EdgeList
	if err := r.Direct.List(ctx, &edges, client.InNamespace(location.Namespace)); err != nil {
		return fmt.Errorf("list edges: %w", err)
	}
	orphans := r.orphans(machines, edges.Items)
	if n := len(orphans); n > mostOrphans || n > 1 && n*100 > mostPercent*len(machines) {
		r.Recorder.Eventf(location, nil, corev1.EventTypeWarning, "TooManyOrphans", "Sweep",
			"%d of %d machines belong to no Edge; that is too many to be true, so nothing is terminated: compare kubectl get edges with the cloud", n, len(machines))
		return nil
	}
	for _, machine := range orphans {
		if err := provider.Terminate(ctx, machine.ID); err != nil {
			return err
		}
		r.Recorder.Eventf(location, nil, corev1.EventTypeWarning, "OrphanTerminated", "Sweep", "%s belonged to no Edge", machine.ID)
	}
	return nil
}

// orphans are the machines, old enough, that no Edge knows of.
func (r *Reconciler) orphans(machines []cloud.Instance, edges []v1beta1.Edge) (orphans []cloud.Instance) {
	known := map[string]bool{}
	for i := range edges {
		known[string(edges[i].UID)] = true
	}
	for _, machine := range machines {
		if !known[machine.EdgeUID] && machine.State != cloud.StateTerminating && r.Clock.Since(machine.LaunchTime) > minAge {
			orphans = append(orphans, machine)
		}
	}
	return orphans
}
