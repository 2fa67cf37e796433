// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog keeps the catalog fresh: it asks the clouds which machines they
// offer in the regions of the edge locations, and at what price. Every replica
// does, not only the leader: all answer omni-apiserver, and who becomes the leader
// decides by the prices of now.
package catalog

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/requeue"
)

const (
	// interval between two listings of a region. Spot prices move slowly: AWS
	// smooths them over days.
	interval = time.Hour
	// retryInterval after a listing that failed, in part or whole.
	retryInterval = 10 * time.Minute
	// listTimeout bounds one listing: some fifty pages, each tried eight times.
	listTimeout = 5 * time.Minute
)

// Reconciler reconciles EdgeLocations.
type Reconciler struct {
	// Omni reads locations.
	Omni     client.Reader
	Connect  connection.Connector
	Catalog  *catalog.Catalog
	Recorder events.EventRecorder
	Clock    clock.PassiveClock

	// due is when a region is asked for again. One worker reads and writes it.
	due map[catalog.Region]time.Time
}

// SetupWithManager watches locations.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("catalog").
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, RateLimiter: requeue.Pauses(), NeedLeaderElection: new(false)}).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, &handler.TypedEnqueueRequestForObject[*v1beta1.EdgeLocation]{})).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	location := &v1beta1.EdgeLocation{}
	if err := r.Omni.Get(ctx, request.NamespacedName, location); apierrors.IsNotFound(err) {
		return reconcile.Result{}, r.forget(ctx)
	} else if err != nil {
		return reconcile.Result{}, err
	}
	// Whoever has the credentials mended changes the condition, and so comes by.
	if !location.DeletionTimestamp.IsZero() || !meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionCredentialsValid) {
		return reconcile.Result{}, nil
	}
	region := catalog.RegionOf(&location.Spec)
	if wait := r.due[region].Sub(r.Clock.Now()); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	provider, err := r.Connect.Provider(ctx, location)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("sign in to the cloud: %w", err)
	}
	lister, ok := provider.(catalog.Lister)
	if !ok {
		return reconcile.Result{}, nil
	}
	return r.list(ctx, lister, location, region)
}

func (r *Reconciler) list(ctx context.Context, lister catalog.Lister, location *v1beta1.EdgeLocation, region catalog.Region) (reconcile.Result, error) {
	bounded, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	listing := lister.ListOfferings(bounded, r.Catalog.Listing(region))
	if ctx.Err() != nil {
		return reconcile.Result{}, nil // the process ends
	}
	r.Catalog.Learn(region, listing)
	wait := interval
	if err := listing.Err(); err != nil {
		wait = retryInterval
		log.FromContext(ctx).Error(err, "Parts of the catalog are stale", "provider", region.Provider, "region", region.Name)
		r.Recorder.Eventf(location, nil, corev1.EventTypeWarning, "CatalogStale", "List",
			"%v; the cloud is asked again in %s", err, wait)
	}
	if r.due == nil {
		r.due = map[catalog.Region]time.Time{}
	}
	r.due[region] = r.Clock.Now().Add(wait)
	return reconcile.Result{RequeueAfter: wait}, nil
}

// forget drops the regions that no location is in any more.
func (r *Reconciler) forget(ctx context.Context) error {
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations); err != nil {
		return fmt.Errorf("list edge locations: %w", err)
	}
	used := map[catalog.Region]bool{}
	for i := range locations.Items {
		used[catalog.RegionOf(&locations.Items[i].Spec)] = true
	}
	r.Catalog.Forget(func(region catalog.Region) bool { return used[region] })
	for region := range r.due {
		if !used[region] {
			delete(r.due, region)
		}
	}
	return nil
}
