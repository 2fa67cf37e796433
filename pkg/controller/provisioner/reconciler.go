// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package provisioner buys edges for pods that fit nowhere. It gathers what the
// decision depends on, lets the solver decide, and carries the decision out.
package provisioner

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/scheduling"
)

const (
	// batchWindow gathers the pods of a deployment into one decision.
	batchWindow = time.Second
	// retryInterval is how soon pods that fit nothing are looked at again: what
	// is unavailable comes back without an event.
	retryInterval = time.Minute
	// The pause after a purchase before the next one for the same pod, doubled
	// each time: short, because a refused offering is replaced at once.
	firstBackoff   = 2 * time.Second
	longestBackoff = time.Hour
)

// Reconciler decides on all pending pods together; it has one request.
type Reconciler struct {
	// Omni is the client of omni-apiserver, Main of the main cluster.
	Omni, Main client.Client
	// Direct reads edges from the server, past the cache.
	Direct      client.Reader
	Catalog     *catalog.Catalog
	Unavailable *unavailable.Offerings
	Recorder    events.EventRecorder
	Clock       clock.Clock

	// bought are edges that were created and may not be in the cache yet: a
	// decision that did not count them would buy them again.
	bought map[types.UID]*v1beta1.Edge
	// told is what the events on a pod said last.
	told map[types.UID]string
	// purchases slows the buying down for a pod that what was bought did not
	// help: the scheduler may know of something that the solver does not.
	purchases *flowcontrol.Backoff
}

var everything = reconcile.Request{NamespacedName: types.NamespacedName{Name: "pending-pods"}}

// SetupWithManager watches pending pods and whatever may change their fate.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("provisioner").
		Watches(&corev1.Pod{}, batched[client.Object](func(o client.Object) bool {
			pod, ok := o.(*corev1.Pod)
			return ok && isPending(pod)
		})).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.NodeTemplate{}, batched(always[*v1beta1.NodeTemplate]))).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, batched(always[*v1beta1.EdgeLocation]))).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, batched(always[*v1beta1.Edge]))).
		Complete(r)
}

func always[T client.Object](T) bool { return true }

// batched asks for a decision at the end of the window that the first event opens.
func batched[T client.Object](counts func(T) bool) handler.TypedEventHandler[T, reconcile.Request] {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(o T, q queue) {
		if counts(o) {
			q.AddAfter(everything, batchWindow)
		}
	}
	return handler.TypedFuncs[T, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[T], q queue) { add(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[T], q queue) { add(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[T], q queue) { add(e.Object, q) },
	}
}

// isPending says that the scheduler has looked at the pod and found no place.
func isPending(pod *corev1.Pod) bool {
	if pod.Spec.NodeName != "" || !pod.DeletionTimestamp.IsZero() || pod.Status.Phase != corev1.PodPending {
		return false
	}
	for i := range pod.Status.Conditions {
		c := &pod.Status.Conditions[i]
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return true
		}
	}
	return false
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	pods, err := r.pendingPods(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	if len(pods) == 0 {
		r.told = nil
		return reconcile.Result{}, nil
	}
	if r.purchases == nil {
		r.purchases = flowcontrol.NewBackOff(firstBackoff, longestBackoff)
		r.purchases.Clock = r.Clock
	}
	r.purchases.GC()
	gathered, err := r.gather(ctx, pods)
	if err != nil {
		return reconcile.Result{}, err
	}
	start := r.Clock.Now()
	decision := scheduling.Solve(gathered.problem)
	log.FromContext(ctx).Info("decided", "pods", len(pods), "placed", len(decision.Placed), "purchases", len(decision.Purchases),
		"unschedulable", len(decision.Unschedulable), "candidates", len(gathered.problem.Candidates), "duration", r.Clock.Since(start))
	postponed := false
	for i := range decision.Purchases {
		purchase := &decision.Purchases[i]
		if r.tooSoon(purchase.Pods) {
			postponed = true
			continue
		}
		if err := r.buy(ctx, purchase, gathered); err != nil {
			return reconcile.Result{}, err
		}
	}
	for _, p := range decision.Placed {
		r.tell(p.Pod, corev1.EventTypeNormal, "Nominated", fmt.Sprintf("should fit on edge %s", p.Node))
	}
	for _, u := range decision.Unschedulable {
		r.tell(u.Pod, corev1.EventTypeWarning, "NoEdge", "no edge is bought: "+u.Reason)
	}
	switch {
	case postponed:
		return reconcile.Result{RequeueAfter: firstBackoff}, nil
	case len(decision.Unschedulable) > 0:
		return reconcile.Result{RequeueAfter: retryInterval}, nil
	}
	return reconcile.Result{}, nil
}

// tooSoon says that every pod of a purchase was bought for a short while ago.
func (r *Reconciler) tooSoon(pods []*corev1.Pod) bool {
	return !slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
		return !r.purchases.IsInBackOffSinceUpdate(string(pod.UID), r.Clock.Now())
	})
}

// tell writes an event on a pod, unless the last one said the same.
func (r *Reconciler) tell(pod *corev1.Pod, eventType, reason, message string) {
	if r.told[pod.UID] == message {
		return
	}
	if r.told == nil {
		r.told = map[types.UID]string{}
	}
	r.told[pod.UID] = message
	r.Recorder.Eventf(pod, nil, eventType, reason, "Provision", "%s", message)
}
