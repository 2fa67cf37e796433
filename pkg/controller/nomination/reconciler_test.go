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
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
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

func TestReconcile(t *testing.T) {
	notReady := func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }
	bound := func(p *corev1.Pod) { p.Spec.NodeName = "cast-1" }
	waited := func(e *v1beta1.Edge) {
		e.Status.Phase = v1beta1.EdgeReady
		e.Status.Conditions = []metav1.Condition{{
			Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-2 * time.Minute)),
		}}
	}
	refused := func(e *v1beta1.Edge) {
		e.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(cloud.ClassCapacity)}}
	}
	for name, test := range map[string]struct {
		edge      *v1beta1.Edge
		node      *corev1.Node
		pod       *corev1.Pod
		let       bool
		nominated string
		open      bool
	}{
		"the machine is on its way":               {edge(nil), nil, planned("", nil), true, "", false},
		"a node that is not Ready":                {edge(nil), node(notReady), planned("", nil), true, "", false},
		"a node that is":                          {edge(nil), node(nil), planned("", nil), true, "cast-1", false},
		"all pods are there":                      {edge(nil), node(nil), planned("", bound), false, "", true},
		"an edge that was made by hand":           {edge(func(e *v1beta1.Edge) { e.Status.Decision = nil }), node(nil), planned("", nil), false, "", true},
		"an edge that has waited long enough":     {edge(waited), node(nil), planned("", nil), false, "", true},
		"an edge whose machine does not come":     {edge(refused), nil, planned("", nil), false, "", false},
		"a pod of an edge that went":              {edge(nil), node(nil), planned("cast-0", nil), true, "cast-1", false},
		"a pod that the scheduler makes room for": {edge(nil), node(nil), planned("main-1", nil), true, "main-1", false},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []client.Object{test.edge, test.pod}
			if test.node != nil {
				objects = append(objects, test.node)
			}
			w := newWorld(t, nil, objects...)
			for range 2 { // the second time changes nothing
				if err := w.reconcile(); err != nil {
					t.Fatal(err)
				}
				pod := w.pod()
				if let := slices.Equal(pod.Spec.Tolerations, []corev1.Toleration{edgenode.StartupToleration("1")}); let != test.let || !let && len(pod.Spec.Tolerations) > 0 {
					t.Errorf("tolerations %v, want that of the edge: %v", pod.Spec.Tolerations, test.let)
				}
				if pod.Status.NominatedNodeName != test.nominated {
					t.Errorf("nominated to %q, want %q", pod.Status.NominatedNodeName, test.nominated)
				}
				if test.node != nil && w.open() != test.open {
					t.Errorf("open: %v, want %v", w.open(), test.open)
				}
			}
		})
	}
}

// The scheduler drops a nomination when it finds no place.
func TestNominatesAgain(t *testing.T) {
	w := newWorld(t, nil, edge(nil), node(nil), planned("", nil))
	for range 2 {
		if err := w.reconcile(); err != nil {
			t.Fatal(err)
		}
		if got := w.pod().Status.NominatedNodeName; got != "cast-1" {
			t.Fatalf("nominated to %q", got)
		}
		drop := client.RawPatch(types.MergePatchType, []byte(`{"status":{"nominatedNodeName":null}}`))
		if err := w.main.Status().Patch(t.Context(), planned("", nil), drop); err != nil {
			t.Fatal(err)
		}
	}
}

// A Node does not stay closed for pods that do not come, or cannot be nominated.
func TestOpensAllTheSame(t *testing.T) {
	for name, refuse := range map[string]error{"no pod comes": nil, "the API server refuses": errors.New("no")} {
		w := newWorld(t, refuse, edge(nil), node(nil), planned("", nil))
		if err := w.reconcile(); (err != nil) != (refuse != nil) || w.open() {
			t.Fatalf("%s: err = %v, open = %v; want to wait", name, err, w.open())
		}
		w.clock.Step(31 * time.Second)
		if err := w.reconcile(); err != nil || !w.open() {
			t.Fatalf("%s: err = %v, open = %v; want an open Node", name, err, w.open())
		}
	}
}

// Pods that are spread wait for each other when too many are nominated to one Node:
// they are let in only, but one alone is nominated too.
func TestSpread(t *testing.T) {
	spread := func(name string) *corev1.Pod {
		return planned("", func(p *corev1.Pod) {
			p.Name, p.Labels = name, map[string]string{"app": "web"}
			p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule,
				LabelSelector: &metav1.LabelSelector{MatchLabels: p.Labels},
			}}
		})
	}
	both := edge(func(e *v1beta1.Edge) { e.Status.Decision.Pods = []string{"jobs/planned", "jobs/other"} })
	w := newWorld(t, nil, both, node(nil), spread("planned"), spread("other"))
	check := func(nominated string) {
		t.Helper()
		if err := w.reconcile(); err != nil {
			t.Fatal(err)
		}
		pod := w.pod()
		if pod.Status.NominatedNodeName != nominated || len(pod.Spec.Tolerations) != 1 || w.open() {
			t.Errorf("nominated to %q, tolerations %v, open: %v; want nominated to %q, let in, closed",
				pod.Status.NominatedNodeName, pod.Spec.Tolerations, w.open(), nominated)
		}
	}
	check("")
	if err := w.main.Delete(t.Context(), spread("other")); err != nil {
		t.Fatal(err)
	}
	check("cast-1")
}

// A Node stays closed while planned pods wait for others: for a machine that was bought
// with it, or on one. It does not for pods that wait for no other.
func TestWaitsForTheLast(t *testing.T) {
	spread := func(p *corev1.Pod) {
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule,
		}}
	}
	first := edge(func(e *v1beta1.Edge) {
		e.Status.Phase = v1beta1.EdgeReady
		e.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(now)}}
	})
	last := edge(func(e *v1beta1.Edge) { e.Name, e.UID, e.Status.Decision.Pods = "batch-2", "2", []string{"jobs/other"} })
	for name, test := range map[string]struct {
		objects []client.Object
		change  func(*corev1.Pod)
		open    bool
	}{
		"a spread pod of another machine": {
			[]client.Object{edge(func(e *v1beta1.Edge) { first.DeepCopyInto(e); e.Status.Decision.Pods = nil }),
				edge(func(e *v1beta1.Edge) { e.Name, e.UID = "batch-2", "2" })}, spread, false,
		},
		"a spread pod, and a machine is missing": {[]client.Object{first, last}, spread, false},
		"a spread pod, and all are there":        {[]client.Object{first}, spread, true},
		"a pod that waits for no other":          {[]client.Object{first, last}, nil, true},
	} {
		w := newWorld(t, nil, append(test.objects, node(nil), planned("", test.change))...)
		w.clock.Step(10 * time.Minute)
		if err := w.reconcile(); err != nil || w.open() != test.open {
			t.Errorf("%s: err = %v, open = %v, want %v", name, err, w.open(), test.open)
		}
	}
}

// A pod is let in where it was planned last: a plan that was given up does not come
// back when its Node does.
func TestLastPlan(t *testing.T) {
	newer := edge(func(e *v1beta1.Edge) {
		e.Name, e.UID, e.CreationTimestamp = "batch-2", "2", metav1.NewTime(now)
	})
	older := edge(func(e *v1beta1.Edge) { e.CreationTimestamp = metav1.NewTime(now.Add(-time.Hour)) })
	w := newWorld(t, nil, older, newer, node(nil), planned("cast-2", nil))
	if err := w.reconcile(); err != nil {
		t.Fatal(err)
	}
	if pod := w.pod(); pod.Status.NominatedNodeName != "cast-2" || len(pod.Spec.Tolerations) > 0 || !w.open() {
		t.Errorf("nominated to %q, tolerations %v, open: %v; want it left to the newer edge",
			pod.Status.NominatedNodeName, pod.Spec.Tolerations, w.open())
	}
}

// The API server refuses to nominate a pod that the scheduler bound a moment ago.
func TestBoundMeanwhile(t *testing.T) {
	bound := apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Pod").GroupKind(), "planned", nil)
	w := newWorld(t, bound, edge(nil), node(nil), planned("", nil))
	if err := w.reconcile(); err != nil {
		t.Errorf("err = %v", err)
	}
}
