// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edgelocation keeps edge locations usable: it checks the credentials, the
// edge cluster and the peering, and says in one word how it stands.
package edgelocation

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/enqueue"
	"github.com/castai/omni/pkg/controller/requeue"
)

const (
	// checkInterval is how often a location that is well is looked at: what it
	// depends on is outside and sends no events.
	checkInterval = 30 * time.Second
	// retryInterval is how soon a location that is not well is looked at again.
	retryInterval = 5 * time.Second
	// concurrency bounds the locations in work: one whose edge cluster does not
	// answer must not hold up the others.
	concurrency = 5
	// progressInterval is how soon a step that waits for Liqo is looked at.
	progressInterval = time.Second
)

// Reconciler reconciles EdgeLocations.
type Reconciler struct {
	// Omni is the client of omni-apiserver.
	Omni    client.Client
	Connect connection.Connector
	// Catalog is read for how fresh it is.
	Catalog  *catalog.Catalog
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

// SetupWithManager watches locations and what counts for them.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	ofEdge := func(_ context.Context, edge *v1beta1.Edge) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: edge.Namespace, Name: edge.Spec.EdgeLocationName}}}
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("edgelocation").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, RateLimiter: requeue.Pauses()}).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, &handler.TypedEnqueueRequestForObject[*v1beta1.EdgeLocation]{}, notOnlyFindings())).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, handler.TypedEnqueueRequestsFromMapFunc(ofEdge))).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.NodeTemplate{}, handler.TypedEnqueueRequestsFromMapFunc(r.ofTemplate))).
		Complete(r)
}

// notOnlyFindings ignores what this controller says on the object itself: an error
// whose words change each time would bring it back at once, for ever. What the
// onboarding endpoint says counts.
func notOnlyFindings() predicate.TypedPredicate[*v1beta1.EdgeLocation] {
	return predicate.TypedFuncs[*v1beta1.EdgeLocation]{UpdateFunc: func(e event.TypedUpdateEvent[*v1beta1.EdgeLocation]) bool {
		before, after := e.ObjectOld.DeepCopy(), e.ObjectNew.DeepCopy()
		for _, location := range []*v1beta1.EdgeLocation{before, after} {
			location.ResourceVersion, location.ManagedFields = "", nil
			location.Status.Conditions = slices.DeleteFunc(location.Status.Conditions, func(c metav1.Condition) bool {
				return c.Type != v1beta1.ConditionOnboarded
			})
		}
		return !equality.Semantic.DeepEqual(before, after)
	}}
}

// ofTemplate returns every location of the template's namespace: one that was
// taken off the list has changed too.
func (r *Reconciler) ofTemplate(ctx context.Context, template *v1beta1.NodeTemplate) []reconcile.Request {
	return enqueue.Listed(ctx, r.Omni, &v1beta1.EdgeLocationList{}, client.InNamespace(template.Namespace))
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	location := &v1beta1.EdgeLocation{}
	if err := r.Omni.Get(ctx, request.NamespacedName, location); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	before := location.DeepCopy()
	if location.DeletionTimestamp.IsZero() && controllerutil.AddFinalizer(location, v1beta1.FinalizerCleanup) {
		return reconcile.Result{}, r.Omni.Patch(ctx, location, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	}
	if err := r.count(ctx, location); err != nil {
		return reconcile.Result{}, err
	}
	var result reconcile.Result
	var err error
	if location.DeletionTimestamp.IsZero() {
		result = r.check(ctx, location)
	} else {
		result, err = r.offboard(ctx, location)
		if !controllerutil.ContainsFinalizer(location, v1beta1.FinalizerCleanup) {
			return result, err
		}
	}
	if location.Status.Phase = phase(location); location.Status.Phase != before.Status.Phase {
		r.Recorder.Eventf(location, nil, corev1.EventTypeNormal, "PhaseChanged", "Reconcile", "%s", location.Status.Phase)
	}
	location.Status.ObservedGeneration = location.Generation
	if equality.Semantic.DeepEqual(before.Status, location.Status) {
		return result, err
	}
	// An optimistic lock, because the onboarding endpoint writes status too.
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if patchErr := r.Omni.Status().Patch(ctx, location, patch); client.IgnoreNotFound(patchErr) != nil {
		err = fmt.Errorf("write status: %w", patchErr)
	}
	return requeue.OnConflict(result, err)
}
