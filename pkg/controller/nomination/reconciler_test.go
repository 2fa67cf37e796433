// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package nomination_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/nomination"
	"github.com/castai/omni/pkg/edgenode"
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
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{edgenode.EdgeTaint(), edgenode.StartupTaint()}},
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
		Status: corev1.PodStatus{Phase: corev1.PodPending, NominatedNodeName: nominated, Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable},
		}},
	}
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
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&corev1.Pod{}).WithIndex(&v1beta1.Edge{}, nomination.PlannedPodField, nomination.PlannedPods).
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
	_, err := w.reconciler.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: "cast-1"}})
	return err
}

func (w *world) nominated() string {
	w.t.Helper()
	p := &corev1.Pod{}
	if err := w.main.Get(w.t.Context(), client.ObjectKey{Namespace: "jobs", Name: "planned"}, p); err != nil {
		w.t.Fatal(err)
	}
	return p.Status.NominatedNodeName
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
	return !slices.Contains(n.Spec.Taints, edgenode.StartupTaint())
}

func TestReconcile(t *testing.T) {
	notReady := func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }
	for name, test := range map[string]struct {
		edge      *v1beta1.Edge
		node      *corev1.Node
		pod       *corev1.Pod
		nominated string
		open      bool
	}{
		"the plan is made to happen": {edge(nil), node(nil), planned("", nil), "cast-1", true},
		"a node that is not Ready":   {edge(nil), node(notReady), planned("", nil), "", false},
		"a node that is tainted as not ready still": {
			edge(nil), node(func(n *corev1.Node) {
				n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
			}), planned("", nil), "", false,
		},
		"a node of another edge of that name": {
			edge(func(e *v1beta1.Edge) { e.UID = "2" }), node(nil), planned("", nil), "", true,
		},
		"an edge that was made by hand": {
			edge(func(e *v1beta1.Edge) { e.Status.Decision = nil }), node(nil), planned("", nil), "", true,
		},
		"an edge that has waited long enough": {
			edge(func(e *v1beta1.Edge) {
				e.Status.Phase = v1beta1.EdgeReady
				e.Status.Conditions = []metav1.Condition{{
					Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-2 * time.Minute)),
				}}
			}), node(nil), planned("", nil), "", true,
		},
		"a pod that has a node": {
			edge(nil), node(nil), planned("", func(p *corev1.Pod) { p.Spec.NodeName = "main-1" }), "", true,
		},
		"a pod of an edge that went":              {edge(nil), node(nil), planned("cast-0", nil), "cast-1", true},
		"a pod that the scheduler makes room for": {edge(nil), node(nil), planned("main-1", nil), "main-1", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, test.edge, test.node, test.pod)
			for range 2 { // the second time changes nothing
				if err := w.reconcile(); err != nil {
					t.Fatal(err)
				}
				if got := w.nominated(); got != test.nominated {
					t.Errorf("nominated to %q, want %q", got, test.nominated)
				}
				if got := w.open(); got != test.open {
					t.Errorf("open: %v, want %v", got, test.open)
				}
			}
		})
	}
}

// The scheduler drops a nomination when a cycle fails.
func TestNominatesAgain(t *testing.T) {
	w := newWorld(t, nil, edge(nil), node(nil), planned("", nil))
	for range 2 {
		if err := w.reconcile(); err != nil {
			t.Fatal(err)
		}
		if got := w.nominated(); got != "cast-1" {
			t.Fatalf("nominated to %q", got)
		}
		dropped := planned("", nil)
		if err := w.main.Status().Patch(t.Context(), dropped, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"nominatedNodeName":null}}`))); err != nil {
			t.Fatal(err)
		}
	}
}

// A Node does not stay closed because its pods cannot be nominated.
func TestOpensAllTheSame(t *testing.T) {
	w := newWorld(t, errors.New("no"), edge(nil), node(nil), planned("", nil))
	if err := w.reconcile(); err == nil || w.open() {
		t.Fatalf("err = %v, open = %v; want to try again", err, w.open())
	}
	w.clock.Step(11 * time.Second)
	if err := w.reconcile(); err != nil || !w.open() {
		t.Fatalf("err = %v, open = %v; want an open Node", err, w.open())
	}
}

// The API server refuses to nominate a pod that the scheduler bound a moment ago.
func TestBoundMeanwhile(t *testing.T) {
	bound := apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Pod").GroupKind(), "planned", nil)
	w := newWorld(t, bound, edge(nil), node(nil), planned("", nil))
	if err := w.reconcile(); err != nil || !w.open() {
		t.Errorf("err = %v, open = %v; want an open Node", err, w.open())
	}
}
