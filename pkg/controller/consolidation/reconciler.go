// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package consolidation returns edges that nobody needs any more: those without
// pods.
package consolidation

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/edge"
)

// defaultConsolidateAfter is the default of spec.disruption.consolidateAfter.
const defaultConsolidateAfter = 30 * time.Second

// Reconciler deletes empty edges.
type Reconciler struct {
	// Omni is the client of omni-apiserver, Main of the main cluster.
	Omni, Main client.Client
	Recorder   events.EventRecorder
	Clock      clock.PassiveClock
}

// SetupWithManager watches edges, and pods as they come and go on them.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("consolidation").
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, &handler.TypedEnqueueRequestForObject[*v1beta1.Edge]{})).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.ofPod)).
		Complete(r)
}

// ofPod returns the edge a pod runs on.
func (r *Reconciler) ofPod(ctx context.Context, object client.Object) []reconcile.Request {
	pod, ok := object.(*corev1.Pod)
	if !ok || pod.Spec.NodeName == "" {
		return nil
	}
	var edges v1beta1.EdgeList
	if err := r.Omni.List(ctx, &edges, client.MatchingFields{EdgeNodeField: pod.Spec.NodeName}); err != nil {
		return nil
	}
	requests := make([]reconcile.Request, len(edges.Items))
	for i := range edges.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&edges.Items[i])
	}
	return requests
}

// EdgeNodeField is the field of edges the cache of omni-apiserver has to index.
const EdgeNodeField = "status.nodeName"

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	e := &v1beta1.Edge{}
	if err := r.Omni.Get(ctx, request.NamespacedName, e); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	// What a person made by hand, a person takes away.
	if !e.DeletionTimestamp.IsZero() || e.Status.Phase != v1beta1.EdgeReady || e.Spec.NodeTemplateName == "" {
		return reconcile.Result{}, nil
	}
	busy, err := r.busy(ctx, e)
	if err != nil {
		return reconcile.Result{}, err
	}
	if busy {
		// A pod that is awaited may never come, and then nothing happens.
		return reconcile.Result{RequeueAfter: awaitBound}, r.writeEmptySince(ctx, e, nil)
	}
	if e.Status.EmptySince == nil {
		now := metav1.NewTime(r.Clock.Now())
		return reconcile.Result{}, r.writeEmptySince(ctx, e, &now)
	}
	after, err := r.consolidateAfter(ctx, e)
	if err != nil {
		return reconcile.Result{}, err
	}
	if left := after - r.Clock.Since(e.Status.EmptySince.Time); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	r.Recorder.Eventf(e, nil, corev1.EventTypeNormal, "Empty", "Consolidate", "no pod has run here for %s", after)
	err = r.Omni.Delete(ctx, e, client.Preconditions{UID: &e.UID, ResourceVersion: &e.ResourceVersion})
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("delete the edge: %w", err)
	}
	return reconcile.Result{}, nil
}

// busy says whether a pod needs the Node: one that runs there, or waits to.
func (r *Reconciler) busy(ctx context.Context, e *v1beta1.Edge) (bool, error) {
	var pods corev1.PodList
	if err := r.Main.List(ctx, &pods, client.MatchingFields{edge.PodNodeField: e.Status.NodeName}); err != nil {
		return false, fmt.Errorf("list the pods of the Node: %w", err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		owner := metav1.GetControllerOf(pod)
		finished := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !finished && (owner == nil || owner.Kind != "DaemonSet") {
			return true, nil
		}
	}
	return r.awaited(ctx, e)
}

// awaitBound is how long after it is Ready an edge waits for the pods it was
// bought for; the scheduler needs seconds.
const awaitBound = 5 * time.Minute

// awaited says whether a pod that the edge was bought for is still on its way.
func (r *Reconciler) awaited(ctx context.Context, e *v1beta1.Edge) (bool, error) {
	ready := meta.FindStatusCondition(e.Status.Conditions, v1beta1.ConditionReady)
	if e.Status.Decision == nil || ready == nil || r.Clock.Since(ready.LastTransitionTime.Time) > awaitBound {
		return false, nil
	}
	for _, key := range e.Status.Decision.Pods {
		namespace, name, _ := strings.Cut(key, "/")
		var pod corev1.Pod
		err := r.Main.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &pod)
		if client.IgnoreNotFound(err) != nil {
			return false, fmt.Errorf("read a pod the edge was bought for: %w", err)
		}
		if err == nil && pod.Spec.NodeName == "" && pod.DeletionTimestamp.IsZero() {
			return true, nil
		}
	}
	return false, nil
}

func (r *Reconciler) consolidateAfter(ctx context.Context, e *v1beta1.Edge) (time.Duration, error) {
	var template v1beta1.NodeTemplate
	err := r.Omni.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Spec.NodeTemplateName}, &template)
	if client.IgnoreNotFound(err) != nil {
		return 0, fmt.Errorf("read the node template: %w", err)
	}
	if err == nil && template.Spec.Disruption.ConsolidateAfter != nil {
		return template.Spec.Disruption.ConsolidateAfter.Duration, nil
	}
	return defaultConsolidateAfter, nil
}

func (r *Reconciler) writeEmptySince(ctx context.Context, e *v1beta1.Edge, since *metav1.Time) error {
	if e.Status.EmptySince.Equal(since) {
		return nil
	}
	before := e.DeepCopy()
	e.Status.EmptySince = since
	return client.IgnoreNotFound(r.Omni.Status().Patch(ctx, e, client.MergeFrom(before)))
}
