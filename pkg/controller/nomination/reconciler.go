// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package nomination makes the plan happen: pods go to the machines that were
// bought for them. The Node of an edge begins its life with the startup taint of
// that edge (pkg/webhook). The pods of the plan are given the toleration of it as
// soon as they are planned, so that the scheduler puts them there and nobody takes
// their room; they are also nominated to the Node when it is Ready, so that the
// scheduler looks there first, unless they would keep each other away like that
// (scheduling.Steady). When all planned pods have their places the taint is taken off,
// and no sooner: those that wait for a machine that comes later would come here.
//
// A nomination alone does not hold: the scheduler drops it whenever it looks at the
// pod before the Node is open, and each one that is dropped makes it look at all
// pending pods again. The plan is in status.decision of the Edge, so that it
// outlives this process.
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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/enqueue"
	"github.com/castai/omni/pkg/controller/requeue"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
)

// PlannedPodField is the field of edges the cache of omni-apiserver has to index:
// the pods of a plan.
const PlannedPodField = "status.decision.pods"

// PendingField is the field of pods the cache of the main cluster has to index: "true"
// for those that wait for a place. There may be many pods, and few of them wait.
const PendingField = "status.pending"

const (
	// startupBound is how long a Node that is Ready stays closed to other pods at most.
	// Machines that are bought together come within a few minutes of each other: for one
	// that takes longer, and may not come at all, no room is kept unused. Consolidation
	// gives a machine back no sooner for want of the same pods.
	startupBound = 5 * time.Minute
	// settleInterval is how often that is looked at: most of the pods are those of other
	// edges, and their events do not come here.
	settleInterval = 2 * time.Second
	// concurrency bounds the edges in work: each waits for a patch of every pod.
	concurrency = 10
)

// Reconciler reconciles Edges with their Nodes and their plans.
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

// Pending are the values of PendingField.
func Pending(o client.Object) []string {
	if pod, ok := o.(*corev1.Pod); ok && state.Pending(pod) {
		return []string{"true"}
	}
	return nil
}

// SetupWithManager watches edges with their plans, their Nodes, and planned pods as
// they come, lose their nominations, and find their places.
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
		Named("nomination").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, RateLimiter: requeue.Pauses()}).
		WatchesRawSource(source.Kind(omni.GetCache(), &v1beta1.Edge{}, &handler.TypedEnqueueRequestForObject[*v1beta1.Edge]{})).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(ofNode)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.ofPod)).
		Complete(r)
}

// ofPod returns the edges that a pod was ever planned for.
func (r *Reconciler) ofPod(ctx context.Context, pod client.Object) []reconcile.Request {
	return enqueue.Listed(ctx, r.Omni, &v1beta1.EdgeList{}, client.MatchingFields{PlannedPodField: client.ObjectKeyFromObject(pod).String()})
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	e := &v1beta1.Edge{}
	if err := r.Omni.Get(ctx, request.NamespacedName, e); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !e.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	node := &corev1.Node{}
	err := r.Main.Get(ctx, client.ObjectKey{Name: v1beta1.EdgeNodeName(string(e.UID))}, node)
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("read the Node: %w", err)
	}
	ready, since := readiness(node)
	plan, err := r.plan(ctx, e)
	if err != nil {
		return reconcile.Result{}, err
	}
	pods, err := r.expected(ctx, e, plan)
	err = errors.Join(err, r.admit(ctx, pods, string(e.UID), ready))
	if !ready {
		return requeue.OnConflict(reconcile.Result{}, err)
	}
	if plan.Edges.Has(e.UID) && r.Clock.Since(since) < startupBound {
		unsettled, listErr := r.unsettled(ctx, plan)
		if err = errors.Join(err, listErr); unsettled || err != nil {
			return requeue.OnConflict(reconcile.Result{RequeueAfter: settleInterval}, err)
		}
	}
	return requeue.OnConflict(reconcile.Result{}, errors.Join(err, r.open(ctx, node)))
}

// readiness says whether the Node is Ready, and since when; not one that is not there.
func readiness(node *corev1.Node) (ready bool, since time.Time) {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time
		}
	}
	return false, time.Time{}
}

// plan returns the plan of all edges; an empty one for an edge that has none.
func (r *Reconciler) plan(ctx context.Context, e *v1beta1.Edge) (state.Plan, error) {
	if e.Status.Decision == nil {
		return state.Plan{}, nil
	}
	var edges v1beta1.EdgeList
	if err := r.Omni.List(ctx, &edges, client.UnsafeDisableDeepCopy); err != nil {
		return state.Plan{}, fmt.Errorf("list the edges: %w", err)
	}
	return state.NewPlan(edges.Items, r.Clock.Now()), nil
}

// unsettled says whether planned pods wait for their places, on whichever Node. They
// would go to any that is open, and the room that was bought for them would stay empty.
func (r *Reconciler) unsettled(ctx context.Context, plan state.Plan) (bool, error) {
	var pending corev1.PodList
	if err := r.Main.List(ctx, &pending, client.MatchingFields{PendingField: "true"}, client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("list the pending pods: %w", err)
	}
	return slices.ContainsFunc(pending.Items, func(pod corev1.Pod) bool { return plan.Pods[state.PlanKey(&pod)] != "" }), nil
}

// expected returns the pods that wait for the edge: those of its plan that are
// pending, while it holds, and that were not planned for another edge since.
func (r *Reconciler) expected(ctx context.Context, e *v1beta1.Edge, plan state.Plan) ([]*corev1.Pod, error) {
	if !plan.Edges.Has(e.UID) {
		return nil, nil
	}
	var pods []*corev1.Pod
	var errs []error
	for _, key := range e.Status.Decision.Pods {
		if plan.Pods[key] != e.UID {
			continue
		}
		namespace, name, _ := strings.Cut(key, "/")
		pod := &corev1.Pod{}
		err := r.Main.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, pod)
		if err == nil && state.Pending(pod) {
			pods = append(pods, pod)
		}
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return pods, errors.Join(errs...)
}

// admit lets the pods in that wait for the edge.
func (r *Reconciler) admit(ctx context.Context, pods []*corev1.Pod, uid string, ready bool) error {
	var errs []error
	for _, pod := range pods {
		errs = append(errs, r.tolerate(ctx, pod, uid))
		if ready && scheduling.Steady(pod, pods) {
			errs = append(errs, r.nominate(ctx, pod, v1beta1.EdgeNodeName(uid)))
		}
	}
	return errors.Join(errs...)
}

// tolerate gives the pod the toleration of the edge's startup taint. Tolerations
// are the one thing of a pod's placement that may be added to.
func (r *Reconciler) tolerate(ctx context.Context, pod *corev1.Pod, uid string) error {
	toleration := edgenode.StartupToleration(uid)
	if slices.ContainsFunc(pod.Spec.Tolerations, func(have corev1.Toleration) bool { return have.MatchToleration(&toleration) }) {
		return nil
	}
	patch := client.MergeFromWithOptions(pod.DeepCopy(), client.MergeFromWithOptimisticLock{})
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, toleration)
	if err := r.Main.Patch(ctx, pod, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("let pod %s/%s in: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// nominate nominates the pod to the Node. A nomination to a node of the main cluster
// is the scheduler's own: it evicts pods there.
func (r *Reconciler) nominate(ctx context.Context, pod *corev1.Pod, node string) error {
	nominated := pod.Status.NominatedNodeName
	if nominated == node || nominated != "" && !strings.HasPrefix(nominated, v1beta1.NodeNamePrefix) {
		return nil
	}
	patch := client.MergeFrom(pod.DeepCopy())
	pod.Status.NominatedNodeName = node
	err := r.Main.Status().Patch(ctx, pod, patch)
	// A pod that was bound meanwhile may not be nominated any more: 422.
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsInvalid(err) {
		return fmt.Errorf("nominate pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// open takes the startup taint off, and nothing else: the virtual kubelet and the
// node controller have taints of their own there.
func (r *Reconciler) open(ctx context.Context, node *corev1.Node) error {
	isStartup := func(t corev1.Taint) bool { return t.Key == v1beta1.TaintStartup }
	if !slices.ContainsFunc(node.Spec.Taints, isStartup) {
		return nil
	}
	patch := client.MergeFromWithOptions(node.DeepCopy(), client.MergeFromWithOptimisticLock{})
	node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, isStartup)
	if err := r.Main.Patch(ctx, node, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take the startup taint off the Node: %w", err)
	}
	return nil
}
