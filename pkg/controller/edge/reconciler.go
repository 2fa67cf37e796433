// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edge takes an Edge through its life: from an intent to a machine, to a
// node of the edge cluster, to a Node of the main cluster, and back again.
package edge

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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
	"github.com/castai/omni/pkg/controller/requeue"
	"github.com/castai/omni/pkg/controller/unavailable"
)

const (
	// progressInterval is how soon a step that waits for something outside,
	// which cannot be watched from here, is looked at again.
	progressInterval = time.Second
	// checkInterval is how often the cloud is asked whether a machine lives.
	checkInterval = 30 * time.Second
	// atOnce asks for the next step without waiting for the watch.
	atOnce = time.Millisecond
	// concurrency bounds the edges in work: each spends its time waiting for
	// clouds and clusters far away.
	concurrency = 10
)

// Reconciler reconciles Edges.
type Reconciler struct {
	// Omni is the client of omni-apiserver, Main of the main cluster.
	Omni, Main client.Client
	// Direct reads omni-apiserver past the cache.
	Direct      client.Reader
	Connect     connection.Connector
	Catalog     *catalog.Catalog
	Unavailable *unavailable.Offerings
	Recorder    events.EventRecorder
	Clock       clock.PassiveClock
}

// SetupWithManager watches edges, their locations and their Nodes.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	ofNode := func(_ context.Context, node client.Object) []reconcile.Request {
		labels := node.GetLabels()
		if labels[v1beta1.LabelEdgeNode] != "true" {
			return nil
		}
		return []reconcile.Request{{NamespacedName: types.NamespacedName{
			Namespace: labels[v1beta1.LabelEdgeNamespace], Name: labels[v1beta1.LabelEdgeName],
		}}}
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("edge").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, RateLimiter: requeue.Pauses()}).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, &handler.TypedEnqueueRequestForObject[*v1beta1.Edge]{}, notOnlyConditions())).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, handler.TypedEnqueueRequestsFromMapFunc(r.ofLocation))).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(ofNode)).
		Complete(r)
}

// notOnlyConditions ignores what this controller says on the object itself: an
// error whose words change each time would bring it back at once, for ever.
func notOnlyConditions() predicate.TypedPredicate[*v1beta1.Edge] {
	return predicate.TypedFuncs[*v1beta1.Edge]{UpdateFunc: func(e event.TypedUpdateEvent[*v1beta1.Edge]) bool {
		before, after := e.ObjectOld.DeepCopy(), e.ObjectNew.DeepCopy()
		for _, edge := range []*v1beta1.Edge{before, after} {
			edge.ResourceVersion, edge.ManagedFields, edge.Status.Conditions = "", nil, nil
		}
		return !equality.Semantic.DeepEqual(before, after)
	}}
}

// ofLocation returns the edges that wait for a location: those not launched yet.
func (r *Reconciler) ofLocation(ctx context.Context, location *v1beta1.EdgeLocation) []reconcile.Request {
	var edges v1beta1.EdgeList
	if err := r.Omni.List(ctx, &edges, client.InNamespace(location.Namespace)); err != nil {
		return nil
	}
	var requests []reconcile.Request
	for i := range edges.Items {
		if e := &edges.Items[i]; e.Spec.EdgeLocationName == location.Name && e.Status.InstanceID == "" {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e)})
		}
	}
	return requests
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	edge := &v1beta1.Edge{}
	if err := r.Omni.Get(ctx, request.NamespacedName, edge); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	before := edge.DeepCopy()
	deleting := !edge.DeletionTimestamp.IsZero()
	if !deleting && controllerutil.AddFinalizer(edge, v1beta1.FinalizerCleanup) {
		return requeue.OnConflict(reconcile.Result{}, r.Omni.Patch(ctx, edge, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})))
	}
	if !controllerutil.ContainsFinalizer(edge, v1beta1.FinalizerCleanup) {
		return reconcile.Result{}, nil
	}
	location := &v1beta1.EdgeLocation{}
	err := r.Omni.Get(ctx, client.ObjectKey{Namespace: edge.Namespace, Name: edge.Spec.EdgeLocationName}, location)
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("read the edge location: %w", err)
	}
	life := &life{Reconciler: r, edge: edge, location: location}
	var result reconcile.Result
	switch {
	case apierrors.IsNotFound(err):
		err = life.withoutLocation(ctx)
	case deleting:
		result, err = life.end(ctx)
	default:
		result, err = life.begin(ctx)
	}
	if err != nil {
		// Shown on the object too: the log is not where a user looks.
		life.set(v1beta1.ConditionReady, metav1.ConditionUnknown, "ReconcileError", err.Error())
	}
	if life.finished {
		return requeue.OnConflict(result, err)
	}
	return requeue.OnConflict(result, errors.Join(err, r.write(ctx, before, life)))
}

// write stores what was found, and only then deletes an edge whose life is over:
// what the cloud said must not be lost with it.
func (r *Reconciler) write(ctx context.Context, before *v1beta1.Edge, l *life) error {
	if !equality.Semantic.DeepEqual(before.Status, l.edge.Status) {
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if l.over {
			// Whatever was written meanwhile, this is the end: another try
			// would ask the cloud again for what it refused.
			patch = client.MergeFrom(before)
		}
		if err := r.Omni.Status().Patch(ctx, l.edge, patch); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("write status: %w", err)
		}
	}
	if !l.over {
		return nil
	}
	if err := r.Omni.Delete(ctx, l.edge, client.Preconditions{UID: &l.edge.UID}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the edge: %w", err)
	}
	return nil
}

// life is one edge while it is reconciled.
type life struct {
	*Reconciler
	edge     *v1beta1.Edge
	location *v1beta1.EdgeLocation
	// finished: the finalizer is gone and the object with it.
	finished bool
	// over: the edge is to be deleted.
	over bool
}

func (l *life) nodeName() string { return v1beta1.EdgeNodeName(string(l.edge.UID)) }

func (l *life) set(condition string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&l.edge.Status.Conditions, metav1.Condition{
		Type: condition, Status: status, Reason: reason, Message: message, ObservedGeneration: l.edge.Generation,
		LastTransitionTime: metav1.NewTime(l.Clock.Now()),
	})
}

func (l *life) event(eventType, reason, action, format string, args ...any) {
	l.Recorder.Eventf(l.edge, nil, eventType, reason, action, format, args...)
}

// withoutLocation handles an edge whose location does not exist: one that never
// launched waits or goes; one that did cannot be here, because its location waits
// for it.
func (l *life) withoutLocation(ctx context.Context) error {
	if !l.edge.DeletionTimestamp.IsZero() && l.edge.Status.Launch == nil {
		return l.finish(ctx)
	}
	l.edge.Status.Phase = v1beta1.EdgePending
	l.set(v1beta1.ConditionLaunched, metav1.ConditionFalse, "NoEdgeLocation",
		fmt.Sprintf("spec.edgeLocationName: edge location %q does not exist in the namespace", l.edge.Spec.EdgeLocationName))
	return nil
}

// finish lets the object go.
func (l *life) finish(ctx context.Context) error {
	before := l.edge.DeepCopy()
	controllerutil.RemoveFinalizer(l.edge, v1beta1.FinalizerCleanup)
	l.finished = true
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(l.Omni.Patch(ctx, l.edge, patch))
}
