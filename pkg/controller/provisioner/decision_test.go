// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/test/object"
)

// What was decided is written down with the parts of its cost.
func TestSaysWhy(t *testing.T) {
	adjusted := template(5)
	adjusted.Spec.EdgeLocations.PriceAdjustments = []v1beta1.PriceAdjustment{{Name: "oregon", Percent: -50}}
	w := newWorld(t, []client.Object{location(), adjusted}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconciler.EdgeOverhead = 0.02
	w.reconcile()
	status := w.edges()[0].Status
	cost := status.Decision.Cost
	price := catalog.ParsePrice(status.HourlyPrice)
	if cost.Price != status.HourlyPrice || cost.Overhead != "0.02" || cost.Interruption != "" ||
		cost.Adjustment != catalog.FormatPrice(-price/2) || cost.Total != catalog.FormatPrice(price/2+0.02) {
		t.Errorf("cost = %+v at a price of %s", cost, status.HourlyPrice)
	}
	if status.Decision.RunnerUpCost == "" {
		t.Error("the runner-up has no cost")
	}
}

// A restart between the purchase and the Node buys nothing again, and room that
// was planned is given to nobody else.
func TestSurvivesARestart(t *testing.T) {
	limits := template(5)
	limits.Spec.Constraints.MaxCPU, limits.Spec.Constraints.Burstable = 2, v1beta1.BurstableExcluded
	w := newWorld(t, []client.Object{location(), limits}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconcile()
	first := w.edges()
	if len(first) != 1 {
		t.Fatalf("%d edges, want 1", len(first))
	}
	w.restart()
	w.create(object.Pending("jobs", "small", "300m")) // what is left of the 2 CPUs takes it
	w.reconcile()
	if edges := w.edges(); len(edges) != 1 || len(edges[0].Status.Decision.Pods) != 2 || edges[0].Status.Decision.Pods[1] != "jobs/small" {
		t.Fatalf("edges = %+v, want one for both pods", edges)
	}
	w.restart()
	w.create(object.Pending("jobs", "big", "1500m"))
	w.reconcile()
	if edges := w.edges(); len(edges) != 2 {
		t.Errorf("%d edges, want one more for the pod that does not fit", len(edges))
	}
}

// Limits hold over decisions that follow each other faster than any cache, and
// over restarts.
func TestLimitsHold(t *testing.T) {
	for name, limit := range map[string]func(*v1beta1.TemplateLimits){
		"edges": func(l *v1beta1.TemplateLimits) { l.Edges = new(int32(2)) },
		"cpu":   func(l *v1beta1.TemplateLimits) { l.CPU = new(resource.MustParse("4")) },
		"gpu":   func(l *v1beta1.TemplateLimits) { l.GPU = new(int32(2)) },
	} {
		t.Run(name, func(t *testing.T) {
			limited := template(100)
			limited.Spec.Constraints.MaxCPU = 2
			if name == "gpu" {
				limited.Spec.Constraints = v1beta1.NodeConstraints{GPU: &v1beta1.GPUConstraints{MaxCount: 1}, MaxCPU: 4}
			}
			limit(&limited.Spec.Limits)
			w := newWorld(t, []client.Object{location(), limited}, []client.Object{namespace("jobs", "true")})
			for i := range 5 {
				p := object.Pending("jobs", fmt.Sprintf("p%d", i), "1500m")
				if name == "gpu" {
					p.Spec.Containers[0].Resources.Requests["nvidia.com/gpu"] = resource.MustParse("1")
				}
				w.create(p)
				w.reconcile()
				w.restart()
			}
			if edges := w.edges(); len(edges) != 2 {
				t.Errorf("%d edges, want 2", len(edges))
			}
			if said := w.events(); !strings.Contains(said, "limits."+name) {
				t.Errorf("events = %q do not name the limit", said)
			}
		})
	}
}

// A machine that does not come holds up its pods no longer than it takes to know.
func TestBuysAnotherAtOnce(t *testing.T) {
	w := newWorld(t, []client.Object{location(), template(5)}, []client.Object{namespace("jobs", "true"), pending("jobs")})
	w.reconcile()
	first := w.edges()[0]
	w.refused.NoCapacity(unavailable.Offering{
		Location: "team-a/oregon", InstanceType: first.Spec.InstanceType, Zone: first.Spec.Zone, CapacityType: string(first.Spec.CapacityType),
	})
	first.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(cloud.ClassCapacity)}}
	if err := w.omni.Status().Update(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(3 * time.Second)
	w.reconcile() // the edge is not even deleted yet
	edges := w.edges()
	if len(edges) != 2 {
		t.Fatalf("%d edges, want another one", len(edges))
	}
	for _, e := range edges {
		if e.Name != first.Name && e.Spec.InstanceType == first.Spec.InstanceType && e.Spec.Zone == first.Spec.Zone {
			t.Errorf("bought %s in %s again", e.Spec.InstanceType, e.Spec.Zone)
		}
	}
}

// Where the main cluster is cheaper no edge is bought, and the pods are told.
func TestLeavesPodsToTheMainCluster(t *testing.T) {
	for name, tc := range map[string]struct {
		main, edge string
		edges      int
		says       []string
	}{
		"main is cheaper":   {"us-east-1", "eu-central-1", 0, []string{"MainClusterCheaper", "us-east-1", "the cheapest edge for it is", "eu-central-1"}},
		"edges are cheaper": {"eu-central-1", "us-west-2", 1, []string{"Nominated"}},
	} {
		t.Run(name, func(t *testing.T) {
			compared, edge := template(5), location()
			compared.Spec.MainCluster = v1beta1.TemplateMainCluster{
				Enabled: true, Provider: v1beta1.ProviderAWS, Region: tc.main, Zones: []string{tc.main + "a"},
			}
			edge.Spec.Region, edge.Spec.AWS.SubnetIDs = tc.edge, map[string]string{tc.edge + "a": "subnet-1"}
			w := newWorld(t, []client.Object{edge, compared}, []client.Object{namespace("jobs", "true"), pending("jobs")})
			w.reconcile()
			if edges := w.edges(); len(edges) != tc.edges {
				t.Errorf("%d edges, want %d", len(edges), tc.edges)
			}
			said := w.events()
			for _, want := range tc.says {
				if !strings.Contains(said, want) {
					t.Errorf("events = %q do not say %q", said, want)
				}
			}
			w.reconcile()
			if again := w.events(); again != "" {
				t.Errorf("said again: %q", again)
			}
		})
	}
}

// A pod that a node of the main cluster has room for gets no machine.
func TestUsesTheMainClusterFirst(t *testing.T) {
	main := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "main-1"},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110"),
		}},
	}
	running := object.Pending("jobs", "running", "1")
	running.Spec.NodeName, running.Status = "main-1", corev1.PodStatus{Phase: corev1.PodRunning}
	w := newWorld(t, []client.Object{location(), template(5)}, []client.Object{
		namespace("jobs", "true"), main, object.Pending("jobs", "fits", "1"), object.Pending("jobs", "not", "1500m"), running,
	})
	w.reconcile()
	edges := w.edges()
	if len(edges) != 1 || len(edges[0].Status.Decision.Pods) != 1 || edges[0].Status.Decision.Pods[0] != "jobs/not" {
		t.Errorf("edges = %+v, want one for the pod that does not fit", edges)
	}
	if said := w.events(); !strings.Contains(said, "node main-1 of the main cluster") {
		t.Errorf("events = %q", said)
	}
}
