// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package nomination_test

import (
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/nomination"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/test/object"
)

// now is of whole seconds, as times in objects are.
var now = time.Unix(1_790_000_000, 0)

func edge(change func(*v1beta1.Edge)) *v1beta1.Edge {
	e := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch-1", UID: "1"},
		Status: v1beta1.EdgeStatus{
			Phase:    v1beta1.EdgeRegistered,
			Decision: &v1beta1.EdgeDecision{Pods: []string{"jobs/planned", "jobs/gone"}},
		},
	}
	if change != nil {
		change(e)
	}
	return e
}

func node(change func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "cast-1", Labels: map[string]string{
			v1beta1.LabelEdgeNode: "true", v1beta1.LabelEdgeNamespace: "team-a", v1beta1.LabelEdgeName: "batch-1",
		}},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{edgenode.EdgeTaint(), edgenode.StartupTaint("1")}},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
			{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(now)},
		}},
	}
	if change != nil {
		change(n)
	}
	return n
}

func planned(nominated string, change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "jobs", Name: "planned"},
		Status:     object.Unschedulable(),
	}
	p.Status.NominatedNodeName = nominated
	if change != nil {
		change(p)
	}
	return p
}

type world struct {
	t          *testing.T
	main       client.Client
	reconciler *nomination.Reconciler
	clock      *testingclock.FakeClock
}

// newWorld has a cluster that refuses to nominate with an error, unless it is nil.
func newWorld(t *testing.T, refuse error, objects ...client.Object) *world {
	t.Helper()
	c := fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(objects...).
		WithStatusSubresource(&corev1.Pod{}).WithIndex(&v1beta1.Edge{}, nomination.PlannedPodField, nomination.PlannedPods).
		WithIndex(&corev1.Pod{}, nomination.PendingField, nomination.Pending).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: func(
			ctx context.Context, c client.Client, name string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption,
		) error {
			if refuse != nil {
				return refuse
			}
			return c.SubResource(name).Patch(ctx, o, patch, options...)
		}}).Build()
	clock := testingclock.NewFakeClock(now)
	return &world{t: t, main: c, clock: clock, reconciler: &nomination.Reconciler{Omni: c, Main: c, Clock: clock}}
}

func (w *world) reconcile() error {
	_, err := w.reconciler.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "team-a", Name: "batch-1"}})
	return err
}

func (w *world) pod() *corev1.Pod {
	w.t.Helper()
	p := &corev1.Pod{}
	if err := w.main.Get(w.t.Context(), client.ObjectKey{Namespace: "jobs", Name: "planned"}, p); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) open() bool {
	w.t.Helper()
	n := &corev1.Node{}
	if err := w.main.Get(w.t.Context(), client.ObjectKey{Name: "cast-1"}, n); err != nil {
		w.t.Fatal(err)
	}
	if !slices.Contains(n.Spec.Taints, edgenode.EdgeTaint()) {
		w.t.Error("the edge taint is gone")
	}
	return !slices.Contains(n.Spec.Taints, edgenode.StartupTaint("1"))
}
