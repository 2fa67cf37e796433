// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
	"github.com/castai/omni/test/object"
)

func location(change func(*v1beta1.EdgeLocation)) *v1beta1.EdgeLocation {
	l := object.Location("us-west-2a")
	if change != nil {
		change(l)
	}
	return l
}

func template(change func(*v1beta1.NodeTemplateSpec)) *v1beta1.NodeTemplate {
	t := &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch"},
		Spec:       v1beta1.NodeTemplateSpec{EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true}},
	}
	if change != nil {
		change(&t.Spec)
	}
	return t
}

func mainNode(name, zone string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelTopologyRegion: "eu-central-1", corev1.LabelTopologyZone: zone,
		}},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourcePods: resource.MustParse("10")}},
	}
}

func architectures(s *state.State) []string {
	var all []string
	for _, c := range s.Problem.Candidates {
		all = append(all, c.Offering.Architecture)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestCandidates(t *testing.T) {
	both := func(spec *v1beta1.NodeTemplateSpec) {
		spec.Constraints.Architectures = []v1beta1.Architecture{v1beta1.ArchitectureAMD64, v1beta1.ArchitectureARM64}
	}
	if s := read(t, pending(), location(nil), template(both)); !slices.Equal(architectures(s), []string{"amd64", "arm64"}) {
		t.Errorf("architectures %v, want both", architectures(s))
	}
	ownImage := func(l *v1beta1.EdgeLocation) { l.Spec.NodeDefaults = &v1beta1.NodeDefaults{ImageID: "ami-1"} }
	if s := read(t, pending(), location(ownImage), template(both)); !slices.Equal(architectures(s), []string{"amd64"}) {
		t.Errorf("architectures %v, want that of the location's image", architectures(s))
	}

	adjusted := func(spec *v1beta1.NodeTemplateSpec) {
		spec.Priority = 7
		spec.EdgeLocations.PriceAdjustments = []v1beta1.PriceAdjustment{{Name: "oregon", Percent: -10}}
	}
	for _, c := range read(t, pending(), location(nil), template(adjusted)).Problem.Candidates {
		want := scheduling.Cost{Price: c.Offering.HourlyPrice, Adjustment: -0.1 * c.Offering.HourlyPrice, Overhead: 0.02}
		if diff := c.Cost.Total() - want.Total(); diff > 1e-9 || diff < -1e-9 || c.Priority != 7 || c.Main() {
			t.Fatalf("candidate %s: cost %+v, want %+v; priority %d", c.Offering.InstanceType, c.Cost, want, c.Priority)
		}
	}
}

func TestMainCandidates(t *testing.T) {
	compared := func(zones ...string) *v1beta1.NodeTemplate {
		return template(func(spec *v1beta1.NodeTemplateSpec) {
			spec.EdgeLocations.Enabled = false
			spec.MainCluster = v1beta1.TemplateMainCluster{Enabled: true, Provider: v1beta1.ProviderAWS, Region: "eu-central-1", Zones: zones}
		})
	}
	zones := func(s *state.State) []string {
		var all []string
		for _, c := range s.Problem.Candidates {
			if !c.Main() || len(c.Taints) > 0 || c.Labels[corev1.LabelTopologyRegion] != "eu-central-1" || c.Labels[v1beta1.LabelCapacityType] != "on-demand" {
				t.Fatalf("candidate %+v is no machine of the main cluster", c)
			}
			all = append(all, c.Labels[corev1.LabelTopologyZone])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for name, test := range map[string]struct {
		state *state.State
		want  []string
	}{
		"its own zones":          {read(t, pending(), compared("eu-central-1c")), []string{"eu-central-1c"}},
		"the zones of its nodes": {read(t, pending(), compared(), mainNode("n1", "eu-central-1a"), mainNode("n2", "eu-central-1b")), []string{"eu-central-1a", "eu-central-1b"}},
		"no zone is known":       {read(t, pending(), compared()), []string{""}},
	} {
		if got := zones(test.state); !slices.Equal(got, test.want) {
			t.Errorf("%s: zones %q, want %q", name, got, test.want)
		}
	}
}

func TestNodes(t *testing.T) {
	running := pending()
	running.Name, running.Spec.NodeName, running.Status = "running", "n1", corev1.PodStatus{Phase: corev1.PodRunning}
	running.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")},
	}}}
	done := running.DeepCopy()
	done.Name, done.Status.Phase = "done", corev1.PodSucceeded
	onTheWay := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch-1", UID: "1"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon", InstanceType: "m5.large"},
		Status:     v1beta1.EdgeStatus{Phase: v1beta1.EdgeLaunched, Decision: &v1beta1.EdgeDecision{Pods: []string{"jobs/p"}}},
	}
	ready := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch-2", UID: "2"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon", InstanceType: "m5.large"},
		Status:     v1beta1.EdgeStatus{Phase: v1beta1.EdgeReady},
	}
	edgeNode := mainNode("cast-2", "us-west-2a")
	edgeNode.Labels = map[string]string{v1beta1.LabelEdgeNode: "true", "seen": "yes"}
	edgeNode.Spec.Taints = []corev1.Taint{edgenode.EdgeTaint(), edgenode.StartupTaint("2")}
	s := read(t, pending(), running, done, location(nil), template(nil), mainNode("n1", "eu-central-1a"), onTheWay, ready, edgeNode)
	if len(s.Planned) != 1 || len(s.Problem.Pods) != 0 {
		t.Errorf("planned %d and %d to decide on, want 1 and 0", len(s.Planned), len(s.Problem.Pods))
	}
	if s.Problem.Namespaces["jobs"]["team"] != "a" {
		t.Errorf("namespaces %v", s.Problem.Namespaces)
	}
	if len(s.Problem.Nodes) != 3 {
		t.Fatalf("nodes %+v, want 3", s.Problem.Nodes)
	}
	for i, want := range []struct {
		name     string
		edge     bool
		freeCPU  int64
		pods     int
		anyLabel string
		taints   int
	}{
		{"n1", false, 3, 1, corev1.LabelTopologyZone, 0},
		{"cast-1", true, 2, 1, v1beta1.LabelEdgeNode, 2},
		{"cast-2", true, 4, 0, "seen", 1},
	} {
		n := s.Problem.Nodes[i]
		free := n.Free[corev1.ResourceCPU]
		if n.Name != want.name || n.Edge != want.edge || free.Value() != want.freeCPU || len(n.Pods) != want.pods ||
			n.Labels[want.anyLabel] == "" || len(n.Taints) != want.taints {
			t.Errorf("node %+v, want %+v", n, want)
		}
	}
}

// A Node has no status until its kubelet reports, and may have pods already: one of an
// edge has the room it was bought for, and others have none.
func TestNodesWithoutStatus(t *testing.T) {
	onMain, onEdge := pending(), pending()
	onMain.Name, onMain.Spec.NodeName = "on-main", "n1"
	onEdge.Name, onEdge.Spec.NodeName = "on-edge", "cast-1"
	ready := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch-1", UID: "1"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon", InstanceType: "m5.large"},
		Status:     v1beta1.EdgeStatus{Phase: v1beta1.EdgeReady},
	}
	main, edgeNode := mainNode("n1", "eu-central-1a"), mainNode("cast-1", "us-west-2a")
	main.Status, edgeNode.Status = corev1.NodeStatus{}, corev1.NodeStatus{}
	edgeNode.Labels = map[string]string{v1beta1.LabelEdgeNode: "true"}
	nodes := read(t, pending(), onMain, onEdge, location(nil), template(nil), main, ready, edgeNode).Problem.Nodes
	if len(nodes) != 2 {
		t.Fatalf("nodes %+v, want 2", nodes)
	}
	for i, want := range []int64{0, 2} {
		if free := nodes[i].Free[corev1.ResourceCPU]; free.Value() != want {
			t.Errorf("node %s has %s CPUs, want %d", nodes[i].Name, free.String(), want)
		}
	}
}
