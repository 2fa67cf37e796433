// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/pkg/controller/provisioner"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgenode"
)

type world struct {
	t          *testing.T
	clock      *testingclock.FakeClock
	omni, main client.Client
	recorder   *events.FakeRecorder
	refused    *unavailable.Offerings
	reconciler *provisioner.Reconciler
}

func newWorld(t *testing.T, omniObjects, mainObjects []client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	clock := testingclock.NewFakeClock(time.Now())
	w := &world{t: t, clock: clock, recorder: events.NewFakeRecorder(100), refused: unavailable.New(clock)}
	w.omni = fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(omniObjects...).WithStatusSubresource(&v1beta1.Edge{}).Build()
	w.main = fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(mainObjects...).
		WithIndex(&corev1.Pod{}, edge.PodNodeField, func(o client.Object) []string { return []string{o.(*corev1.Pod).Spec.NodeName} }).Build()
	w.reconciler = &provisioner.Reconciler{
		Omni: w.omni, Main: w.main, Direct: w.omni, Catalog: snapshot, Unavailable: w.refused, Recorder: w.recorder, Clock: clock,
	}
	return w
}

func (w *world) reconcile() {
	w.t.Helper()
	if _, err := w.reconciler.Reconcile(w.t.Context(), reconcile.Request{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) edges() []v1beta1.Edge {
	w.t.Helper()
	var list v1beta1.EdgeList
	if err := w.omni.List(w.t.Context(), &list); err != nil {
		w.t.Fatal(err)
	}
	return list.Items
}

func (w *world) events() (all string) {
	for {
		select {
		case e := <-w.recorder.Events:
			all += e + "\n"
		default:
			return all
		}
	}
}

func namespace(name, enabled string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1beta1.LabelEnableScheduling: enabled}}}
}

func location() *v1beta1.EdgeLocation {
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon"},
		Spec: v1beta1.EdgeLocationSpec{
			Provider: v1beta1.ProviderAWS, Region: "us-west-2",
			AWS: &v1beta1.AWSLocation{SubnetIDs: map[string]string{"us-west-2a": "subnet-1", "us-west-2b": "subnet-2"}},
		},
		Status: v1beta1.EdgeLocationStatus{Conditions: []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue}}},
	}
}

func template(limit int32) *v1beta1.NodeTemplate {
	return &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec: v1beta1.NodeTemplateSpec{
			EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true},
			Limits:        v1beta1.TemplateLimits{Edges: &limit},
			Labels:        map[string]string{"workload": "batch"},
		},
	}
}

func pending(namespace string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "p1", UID: types.UID(namespace)},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1500m")}}}},
			Tolerations: []corev1.Toleration{edgenode.EdgeToleration(),
				{Key: "virtual-node.liqo.io/not-allowed", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable},
		}},
	}
}

func TestBuysTheCheapest(t *testing.T) {
	w := newWorld(t, []client.Object{location(), template(5)}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconcile()
	edges := w.edges()
	if len(edges) != 1 {
		t.Fatalf("%d edges, want 1", len(edges))
	}
	e := edges[0]
	if e.Spec.EdgeLocationName != "oregon" || e.Spec.NodeTemplateName != "default" || e.Spec.Zone != "us-west-2a" || e.Spec.Labels["workload"] != "batch" {
		t.Errorf("spec = %+v", e.Spec)
	}
	if e.Status.Decision == nil || e.Status.Decision.RunnerUp == "" || e.Status.Decision.Pods[0] != "jobs/p1" || e.Status.HourlyPrice == "" {
		t.Errorf("status = %+v", e.Status)
	}
	if said := w.events(); !strings.Contains(said, e.Spec.InstanceType) {
		t.Errorf("events = %q", said)
	}
	// Nothing is bought twice, and nothing is said twice.
	w.reconcile()
	if again := w.edges(); len(again) != 1 {
		t.Errorf("%d edges after the second decision, want 1", len(again))
	}
}

func TestBuysNothing(t *testing.T) {
	notReady := location()
	notReady.Status.Conditions = nil
	disabled := template(5)
	disabled.Spec.EdgeLocations.Enabled = false
	placed := pending("jobs")
	placed.Spec.NodeName = "main-1"
	for name, tc := range map[string]struct {
		omni []client.Object
		main []client.Object
		says string
	}{
		"the namespace is not enabled": {[]client.Object{location(), template(5)}, []client.Object{namespace("jobs", "false"), pending("jobs")}, ""},
		"default is never enabled":     {[]client.Object{location(), template(5)}, []client.Object{namespace("default", "true"), pending("default")}, ""},
		"the location is not ready":    {[]client.Object{notReady, template(5)}, []client.Object{namespace("jobs", "true"), pending("jobs")}, "no node template"},
		"the template is disabled":     {[]client.Object{location(), disabled}, []client.Object{namespace("jobs", "true"), pending("jobs")}, "no node template"},
		"the limit is reached":         {[]client.Object{location(), template(0)}, []client.Object{namespace("jobs", "true"), pending("jobs")}, "limits.edges"},
		"the pod has a node":           {[]client.Object{location(), template(5)}, []client.Object{namespace("jobs", "true"), placed}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.omni, tc.main)
			w.reconcile()
			if edges := w.edges(); len(edges) != 0 {
				t.Errorf("bought %+v", edges)
			}
			if said := w.events(); !strings.Contains(said, tc.says) || tc.says == "" && said != "" {
				t.Errorf("events = %q, want %q", said, tc.says)
			}
		})
	}
}

// An edge that came and went between two looks holds up no pod.
func TestForgetsAnEdgeThatWent(t *testing.T) {
	w := newWorld(t, []client.Object{location(), template(100)}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconcile()
	gone := w.edges()[0]
	if err := w.omni.Delete(t.Context(), &gone); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(3 * time.Second)
	w.reconcile()
	if edges := w.edges(); len(edges) != 1 || edges[0].Name == gone.Name {
		t.Errorf("edges = %v, want another one", edges)
	}
}

// A pod that machines do not help is not bought machine after machine.
func TestSlowsDown(t *testing.T) {
	w := newWorld(t, []client.Object{location(), template(100)}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	bought := 0
	for range 120 { // ten minutes, a decision every five seconds
		w.reconcile()
		for _, e := range w.edges() { // it joined, stayed empty, and went
			bought++
			if err := w.omni.Delete(t.Context(), &e); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.Step(5 * time.Second)
	}
	// After 2 s, 4 s, 8 s and so on.
	if bought < 3 || bought > 10 {
		t.Errorf("%d machines in ten minutes", bought)
	}
}

// What only a person can mend holds up no pod.
func TestDoesNotWaitForARefusedEdge(t *testing.T) {
	stuck := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "stuck", UID: "1"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon", InstanceType: "m5.4xlarge"},
		Status: v1beta1.EdgeStatus{Conditions: []metav1.Condition{
			{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(cloud.ClassAuth)},
		}},
	}
	w := newWorld(t, []client.Object{location(), template(5), stuck}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconcile()
	if edges := w.edges(); len(edges) != 2 {
		t.Errorf("%d edges, want the stuck one and another", len(edges))
	}
}

// A refused offering is not asked for again at once.
func TestAvoidsWhatIsUnavailable(t *testing.T) {
	objects := func() ([]client.Object, []client.Object) {
		return []client.Object{location(), template(5)}, []client.Object{namespace("jobs", "true"), pending("jobs")}
	}
	omni, main := objects()
	first := newWorld(t, omni, main)
	first.reconcile()
	chosen := first.edges()[0].Spec

	omni, main = objects()
	second := newWorld(t, omni, main)
	second.refused.NoCapacity(unavailable.Offering{
		Location: "team-a/oregon", InstanceType: chosen.InstanceType, Zone: chosen.Zone, CapacityType: string(chosen.CapacityType),
	})
	second.reconcile()
	if got := second.edges()[0].Spec; got.InstanceType == chosen.InstanceType && got.Zone == chosen.Zone {
		t.Errorf("bought %s in %s again", got.InstanceType, got.Zone)
	}
}
