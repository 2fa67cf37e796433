// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package nomination makes the plan happen: pods go to the machines that were
// bought for them. The scheduler looks first at the node that a pod is nominated
// to, and keeps its room from other pods. The Node of an edge begins its life with
// the startup taint (pkg/webhook); here the planned pods are nominated to it, and
// then the taint is taken off. The plan is in status.decision of the Edge, so that
// it outlives this process.
package nomination

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/requeue"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/state"
)

// PlannedPodField is the field of edges the cache of omni-apiserver has to index:
// the pods of a plan.
const PlannedPodField = "status.decision.pods"

const (
	// startupBound is how long a Node stays closed at most, once it is Ready: that
	// pods go where they were planned is worth less than that they run.
	startupBound = 10 * time.Second
	// concurrency bounds the Nodes in work: each waits for a patch of every pod.
	concurrency = 10
)

// Reconciler reconciles the Nodes of edges.
type Reconciler struct {
	// Omni is the client of omni-apiserver, Main of the main cluster.
	Omni, Main client.Client
	Clock      clock.PassiveClock
}

// PlannedPods are the values of PlannedPodField.
func PlannedPods(o client.Object) []string {
	if e, ok := o.(*v1beta1.Edge); ok && e.Status.Decision != nil {
		return e.Status.Decision.Pods
	}
	return nil
}

// SetupWithManager watches the Nodes of edges, their plans, and planned pods that
// are nominated no more: the scheduler drops a nomination when it looks at the pod
// before the Node is open.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, omni cluster.Cluster) error {
	isEdge := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetLabels()[v1beta1.LabelEdgeNode] == "true" })
	ofEdge := func(_ context.Context, e *v1beta1.Edge) []reconcile.Request { return []reconcile.Request{nodeOf(e)} }
	return ctrl.NewControllerManagedBy(mgr).
		Named("nomination").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, RateLimiter: requeue.Pauses()}).
		For(&corev1.Node{}, builder.WithPredicates(isEdge)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.ofPod)).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, handler.TypedEnqueueRequestsFromMapFunc(ofEdge))).
		Complete(r)
}

func nodeOf(e *v1beta1.Edge) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: v1beta1.EdgeNodeName(string(e.UID))}}
}

// ofPod returns the Nodes that a pod was planned for and is not nominated to.
func (r *Reconciler) ofPod(ctx context.Context, o client.Object) []reconcile.Request {
	pod, ok := o.(*corev1.Pod)
	if !ok || !nominable(pod) {
		return nil
	}
	var edges v1beta1.EdgeList
	if err := r.Omni.List(ctx, &edges, client.MatchingFields{PlannedPodField: pod.Namespace + "/" + pod.Name}); err != nil {
		return nil
	}
	var requests []reconcile.Request
	for i := range edges.Items {
		if request := nodeOf(&edges.Items[i]); request.Name != pod.Status.NominatedNodeName {
			requests = append(requests, request)
		}
	}
	return requests
}

// nominable says whether a pod may be nominated. A nomination to another node of
// the main cluster is the scheduler's own: it evicts pods there.
func nominable(pod *corev1.Pod) bool {
	nominated := pod.Status.NominatedNodeName
	return state.Pending(pod) && (nominated == "" || strings.HasPrefix(nominated, v1beta1.NodeNamePrefix))
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	node := &corev1.Node{}
	if err := r.Main.Get(ctx, request.NamespacedName, node); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	ready, since := readiness(node)
	if !ready || !node.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	e, err := r.edge(ctx, node)
	if err == nil && e != nil && state.Awaits(e, r.Clock.Now()) {
		err = r.nominate(ctx, node.Name, e.Status.Decision.Pods)
	}
	if err != nil && r.Clock.Since(since) < startupBound {
		return reconcile.Result{}, err
	}
	if err != nil {
		log.FromContext(ctx).Error(err, "open the Node without its plan", "node", node.Name)
	}
	return requeue.OnConflict(reconcile.Result{}, r.open(ctx, node))
}

// readiness says whether the scheduler would see the Node but for the startup taint,
// and since when it is Ready.
func readiness(node *corev1.Node) (ready bool, since time.Time) {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == corev1.NodeReady {
			ready, since = c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time
		}
	}
	// The taint goes a moment after the condition: a pod that the scheduler looks
	// at in between loses its nomination.
	return ready && !hasTaint(node, corev1.TaintNodeNotReady), since
}

func hasTaint(node *corev1.Node, key string) bool {
	return slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == key })
}

// edge returns the Edge of the Node, nil when there is none: the Node is opened all
// the same.
func (r *Reconciler) edge(ctx context.Context, node *corev1.Node) (*v1beta1.Edge, error) {
	e := &v1beta1.Edge{}
	err := r.Omni.Get(ctx, client.ObjectKey{
		Namespace: node.Labels[v1beta1.LabelEdgeNamespace], Name: node.Labels[v1beta1.LabelEdgeName],
	}, e)
	if apierrors.IsNotFound(err) || err == nil && v1beta1.EdgeNodeName(string(e.UID)) != node.Name {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the edge of the Node: %w", err)
	}
	return e, nil
}

// nominate nominates those of the pods that are still pending to the Node.
func (r *Reconciler) nominate(ctx context.Context, node string, pods []string) error {
	var errs []error
	for _, key := range pods {
		namespace, name, _ := strings.Cut(key, "/")
		pod := &corev1.Pod{}
		err := r.Main.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, pod)
		if err != nil || !nominable(pod) || pod.Status.NominatedNodeName == node {
			errs = append(errs, client.IgnoreNotFound(err))
			continue
		}
		patch := client.MergeFrom(pod.DeepCopy())
		pod.Status.NominatedNodeName = node
		err = r.Main.Status().Patch(ctx, pod, patch)
		// A pod that was bound meanwhile may not be nominated any more: 422.
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsInvalid(err) {
			errs = append(errs, fmt.Errorf("nominate pod %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}

// open takes the startup taint off, and nothing else: the virtual kubelet and the
// node controller have taints of their own there.
func (r *Reconciler) open(ctx context.Context, node *corev1.Node) error {
	if !hasTaint(node, v1beta1.TaintStartup) {
		return nil
	}
	patch := client.MergeFromWithOptions(node.DeepCopy(), client.MergeFromWithOptimisticLock{})
	startup := edgenode.StartupTaint()
	node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&startup) })
	if err := r.Main.Patch(ctx, node, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take the startup taint off the Node: %w", err)
	}
	return nil
}
