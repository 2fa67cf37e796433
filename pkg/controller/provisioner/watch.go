// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/state"
)

var everything = reconcile.Request{NamespacedName: types.NamespacedName{Name: "pending-pods"}}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// SetupWithManager watches pending pods and whatever may change their fate.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("provisioner").
		Watches(&corev1.Pod{}, r.onPods()).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.NodeTemplate{}, onChange[*v1beta1.NodeTemplate]())).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.EdgeLocation{}, onChange[*v1beta1.EdgeLocation]())).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, r.onEdges())).
		Complete(r)
}

// onPods opens the window when a pod becomes pending.
func (r *Reconciler) onPods() handler.EventHandler {
	pending := func(o client.Object) bool {
		pod, ok := o.(*corev1.Pod)
		return ok && state.Pending(pod)
	}
	add := func(q queue) {
		r.batch.add(r.Clock.Now())
		q.AddAfter(everything, batchIdle)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			if pending(e.Object) {
				add(q)
			}
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if pending(e.ObjectNew) && !pending(e.ObjectOld) {
				add(q)
			}
		},
	}
}

// onChange asks for a decision by what may be bought now.
func onChange[T client.Object]() handler.TypedEventHandler[T, reconcile.Request] {
	return handler.TypedFuncs[T, reconcile.Request]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[T], q queue) { q.AddAfter(everything, batchIdle) },
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[T], q queue) { q.AddAfter(everything, batchIdle) },
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[T], q queue) { q.AddAfter(everything, batchIdle) },
	}
}

// onEdges asks for a decision at once when a machine that pods wait for does not
// come.
func (r *Reconciler) onEdges() handler.TypedEventHandler[*v1beta1.Edge, reconcile.Request] {
	hurry := func(q queue) {
		r.batch.hurry()
		q.Add(everything)
	}
	lost := func(e *v1beta1.Edge) bool { return !e.DeletionTimestamp.IsZero() || state.Refused(e) }
	return handler.TypedFuncs[*v1beta1.Edge, reconcile.Request]{
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*v1beta1.Edge], q queue) {
			if lost(e.ObjectNew) && !lost(e.ObjectOld) {
				hurry(q)
			}
		},
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[*v1beta1.Edge], q queue) { hurry(q) },
	}
}
