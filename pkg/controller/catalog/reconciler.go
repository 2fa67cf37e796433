// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog keeps the catalog fresh: it asks the clouds which machines they
// offer in the regions of the edge locations, and at what price. Every replica
// does, not only the leader: all answer omni-apiserver, and who becomes the leader
// decides by the prices of now.
package catalog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"
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
	"github.com/castai/omni/pkg/controller/enqueue"
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
	// Omni reads locations and node templates.
	Omni     client.Reader
	Connect  connection.Connector
	Catalog  *catalog.Catalog
	Recorder events.EventRecorder
	Clock    clock.PassiveClock

	// due is when a region is asked for again. One worker reads and writes it.
	due map[catalog.Region]time.Time
}

// SetupWithManager watches locations, and templates that name a main cluster.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("catalog").
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, RateLimiter: requeue.Pauses(), NeedLeaderElection: new(false)}).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, &handler.TypedEnqueueRequestForObject[*v1beta1.EdgeLocation]{})).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.NodeTemplate{}, handler.TypedEnqueueRequestsFromMapFunc(r.beside))).
		Complete(r)
}

// beside returns the locations of a template's namespace: theirs are the credentials
// that tell the prices of the main cluster.
func (r *Reconciler) beside(ctx context.Context, template *v1beta1.NodeTemplate) []reconcile.Request {
	return enqueue.Listed(ctx, r.Omni, &v1beta1.EdgeLocationList{}, client.InNamespace(template.Namespace))
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
	regions, err := r.regions(ctx, location)
	if err != nil {
		return reconcile.Result{}, err
	}
	if wait := r.wait(regions); wait > 0 {
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
	for i, region := range regions {
		asked := lister
		if i > 0 {
			asked = lister.In(region.Name)
		}
		if r.wait(regions[i:i+1]) == 0 {
			r.list(ctx, asked, location, region)
		}
	}
	return reconcile.Result{RequeueAfter: r.wait(regions)}, nil
}

// regions are that of the location, and those of its cloud that stand for the main
// cluster in a node template beside it, unless a location lies in them.
func (r *Reconciler) regions(ctx context.Context, location *v1beta1.EdgeLocation) ([]catalog.Region, error) {
	regions := []catalog.Region{catalog.RegionOf(&location.Spec)}
	mains, err := r.mainRegions(ctx, client.InNamespace(location.Namespace))
	for _, main := range mains {
		if main.Provider == regions[0].Provider {
			regions = append(regions, main)
		}
	}
	return regions, err
}

// mainRegions are those that stand for the main cluster in node templates and that no
// location lies in, sorted by their names.
func (r *Reconciler) mainRegions(ctx context.Context, options ...client.ListOption) ([]catalog.Region, error) {
	var templates v1beta1.NodeTemplateList
	if err := r.Omni.List(ctx, &templates, options...); err != nil {
		return nil, fmt.Errorf("list node templates: %w", err)
	}
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations); err != nil {
		return nil, fmt.Errorf("list edge locations: %w", err)
	}
	covered := sets.New[catalog.Region]()
	for i := range locations.Items {
		spec := &locations.Items[i].Spec
		covered.Insert(catalog.Region{Provider: string(spec.Provider), Name: spec.Region})
	}
	mains := sets.New[catalog.Region]()
	for i := range templates.Items {
		if spec := &templates.Items[i].Spec.MainCluster; spec.Enabled && !covered.Has(catalog.MainRegion(spec)) {
			mains.Insert(catalog.MainRegion(spec))
		}
	}
	return slices.SortedFunc(maps.Keys(mains), func(a, b catalog.Region) int { return cmp.Compare(a.Name, b.Name) }), nil
}

// wait is how long none of the regions has to be asked for.
func (r *Reconciler) wait(regions []catalog.Region) time.Duration {
	wait := interval
	for _, region := range regions {
		wait = min(wait, r.due[region].Sub(r.Clock.Now()))
	}
	return max(0, wait)
}

func (r *Reconciler) list(ctx context.Context, lister catalog.Lister, location *v1beta1.EdgeLocation, region catalog.Region) {
	bounded, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	listing := lister.ListOfferings(bounded, r.Catalog.Listing(region))
	if ctx.Err() != nil {
		return // the process ends
	}
	r.Catalog.Learn(region, listing)
	wait := interval
	if err := listing.Err(); err != nil {
		wait = retryInterval
		log.FromContext(ctx).Error(err, "Parts of the catalog are stale", "provider", region.Provider, "region", region.Name)
		r.Recorder.Eventf(location, nil, corev1.EventTypeWarning, "CatalogStale", "List",
			"%s: %v; the cloud is asked again in %s", region.Name, err, wait)
	}
	if r.due == nil {
		r.due = map[catalog.Region]time.Time{}
	}
	r.due[region] = r.Clock.Now().Add(wait)
}

// forget drops the regions that no location is in any more.
func (r *Reconciler) forget(ctx context.Context) error {
	var locations v1beta1.EdgeLocationList
	if err := r.Omni.List(ctx, &locations); err != nil {
		return fmt.Errorf("list edge locations: %w", err)
	}
	mains, err := r.mainRegions(ctx)
	if err != nil {
		return err
	}
	used := sets.New(mains...)
	for i := range locations.Items {
		used.Insert(catalog.RegionOf(&locations.Items[i].Spec))
	}
	r.Catalog.Forget(used.Has)
	maps.DeleteFunc(r.due, func(region catalog.Region, _ time.Time) bool { return !used.Has(region) })
	return nil
}
