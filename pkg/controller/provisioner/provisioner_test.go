// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/unavailable"
)

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

// A location that refused a machine for a reason that only a person can mend gets no
// other machines to refuse.
func TestBuysNothingWhereItIsRefused(t *testing.T) {
	stuck := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "stuck", UID: "1"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon", NodeTemplateName: "batch", InstanceType: "m5.4xlarge"},
		Status: v1beta1.EdgeStatus{Conditions: []metav1.Condition{
			{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(cloud.ClassConfig)},
		}},
	}
	w := newWorld(t, []client.Object{location(), template(5), stuck}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	for range 30 {
		w.reconcile()
		w.clock.Step(time.Minute)
	}
	if edges := w.edges(); len(edges) != 1 {
		t.Errorf("%d edges, want the stuck one only", len(edges))
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
