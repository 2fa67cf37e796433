// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package nomination_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/edgenode"
)

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
		w.clock.Step(5 * time.Minute)
		if err := w.reconcile(); (err != nil) != (refuse != nil) || !w.open() {
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

// A Node stays closed while planned pods wait, whichever they are, for a machine that
// was bought with it. It does so neither for ever nor for pods that have their places.
func TestWaitsForTheLast(t *testing.T) {
	with := func(pods ...string) func(*v1beta1.Edge) {
		return func(e *v1beta1.Edge) {
			e.Status.Phase, e.Status.Decision.Pods = v1beta1.EdgeReady, pods
			e.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(now)}}
		}
	}
	last := func(pods ...string) *v1beta1.Edge {
		return edge(func(e *v1beta1.Edge) { e.Name, e.UID, e.Status.Decision.Pods = "batch-2", "2", pods })
	}
	refused := last("jobs/planned")
	refused.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(cloud.ClassCapacity)}}
	bound := func(p *corev1.Pod) { p.Spec.NodeName = "cast-2" }
	for name, test := range map[string]struct {
		edges []client.Object
		pod   func(*corev1.Pod)
		after time.Duration
		open  bool
	}{
		"a pod of the last":            {[]client.Object{edge(with()), last("jobs/planned")}, nil, 2 * time.Minute, false},
		"its own pod, and one is last": {[]client.Object{edge(with("jobs/planned")), last()}, nil, 2 * time.Minute, false},
		"a pod that nobody planned":    {[]client.Object{edge(with()), last()}, nil, 2 * time.Minute, true},
		"the pod has its place":        {[]client.Object{edge(with()), last("jobs/planned")}, bound, 0, true},
		"the last does not come":       {[]client.Object{edge(with()), refused}, nil, 0, true},
		"the last takes too long":      {[]client.Object{edge(with()), last("jobs/planned")}, nil, 5 * time.Minute, true},
		"all came a moment ago":        {[]client.Object{edge(with("jobs/planned"))}, nil, 59 * time.Second, false},
		"all came, the pod does not":   {[]client.Object{edge(with("jobs/planned"))}, nil, time.Minute, true},
	} {
		w := newWorld(t, nil, append(test.edges, node(nil), planned("", test.pod))...)
		w.clock.Step(test.after)
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
	if pod := w.pod(); pod.Status.NominatedNodeName != "cast-2" || len(pod.Spec.Tolerations) > 0 {
		t.Errorf("nominated to %q, tolerations %v; want it left to the newer edge", pod.Status.NominatedNodeName, pod.Spec.Tolerations)
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
