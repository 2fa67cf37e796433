// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/edgenode"
)

var template = Template{Namespace: "team-a", Name: "default"}

func pod(name, cpu string, mutate ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
			}}},
			Tolerations: []corev1.Toleration{edgenode.EdgeToleration()},
		},
	}
	for _, m := range mutate {
		m(p)
	}
	return p
}

func candidate(instanceType, zone string, vcpu int64, price float64) Candidate {
	// Less than the machine has, so that its last vCPU is not a whole one.
	allocatable := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(vcpu*1000-70, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(vcpu*3<<30, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(110, resource.DecimalSI),
	}
	return Candidate{
		Template: template, Location: "aws-oregon",
		Offering: catalog.Offering{
			Type: catalog.Type{InstanceType: instanceType, VCPU: vcpu, MemoryBytes: vcpu << 32}, Zone: zone, CapacityType: "on-demand",
			Allocatable: allocatable, HourlyPrice: price,
		},
		Cost:   Cost{Price: price},
		Labels: map[string]string{corev1.LabelTopologyZone: zone},
		Taints: []corev1.Taint{edgenode.EdgeTaint()},
	}
}

func bought(d Decision) (types []string) {
	for _, p := range d.Purchases {
		types = append(types, fmt.Sprintf("%s/%s:%d", p.Candidate.Offering.InstanceType, p.Candidate.Offering.Zone, len(p.Pods)))
	}
	return types
}

func TestSolve(t *testing.T) {
	small, big := candidate("m5.large", "a", 2, 0.10), candidate("m5.4xlarge", "a", 16, 0.70)
	dearBig := candidate("m5.4xlarge", "a", 16, 1.20)
	elsewhere := candidate("m5.large", "b", 2, 0.11)
	inZone := func(zone string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: zone} }
	}
	eight := func() (pods []*corev1.Pod) {
		for i := range 8 {
			pods = append(pods, pod(fmt.Sprintf("p%d", i), "1500m"))
		}
		return pods
	}
	hostPort80 := func(p *corev1.Pod) { p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 80}} }
	one := int64(1)
	for name, tc := range map[string]struct {
		problem Problem
		want    []string
		reasons []string
	}{
		"the cheapest machine for one pod":          {problem: Problem{Pods: []*corev1.Pod{pod("p", "1")}, Candidates: []Candidate{big, small, elsewhere}}, want: []string{"m5.large/a:1"}},
		"one big machine when it is cheaper":        {problem: Problem{Pods: eight(), Candidates: []Candidate{big, small}}, want: []string{"m5.4xlarge/a:8"}},
		"many small ones when the big one is dear":  {problem: Problem{Pods: eight(), Candidates: []Candidate{dearBig, small}}, want: slices.Repeat([]string{"m5.large/a:1"}, 8)},
		"a node selector decides the zone":          {problem: Problem{Pods: []*corev1.Pod{pod("p", "1", inZone("b"))}, Candidates: []Candidate{small, elsewhere}}, want: []string{"m5.large/b:1"}},
		"nothing is bought for what fits on a node": {problem: Problem{Pods: []*corev1.Pod{pod("p", "1")}, Candidates: []Candidate{small}, Nodes: []Node{{Name: "n", Free: small.Offering.Allocatable}}}},
		"a full node does not count":                {problem: Problem{Pods: []*corev1.Pod{pod("p", "1")}, Candidates: []Candidate{small}, Nodes: []Node{{Name: "n", Free: corev1.ResourceList{}}}}, want: []string{"m5.large/a:1"}},
		"a limit ends the buying": {
			problem: Problem{Pods: eight(), Candidates: []Candidate{small}, Budgets: map[Template]Budget{template: {Edges: &one}}},
			want:    []string{"m5.large/a:1"}, reasons: slices.Repeat([]string{"limits.edges"}, 7),
		},
		"an untolerated taint is named": {
			problem: Problem{Pods: []*corev1.Pod{pod("p", "1", func(p *corev1.Pod) { p.Spec.Tolerations = nil })}, Candidates: []Candidate{small}},
			reasons: []string{v1beta1.TaintEdge},
		},
		"a pod too big for all": {problem: Problem{Pods: []*corev1.Pod{pod("p", "64")}, Candidates: []Candidate{small, big}}, reasons: []string{"0/2 offerings: 2 too small in cpu"}},
		"no candidates":         {problem: Problem{Pods: []*corev1.Pod{pod("p", "1")}}, reasons: []string{"no node template"}},
		"nothing is bought for a volume that is not known": {
			problem: Problem{Pods: []*corev1.Pod{pod("p", "1", func(p *corev1.Pod) {
				p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}}}
			})}, Candidates: []Candidate{small}},
			reasons: []string{"persistent volumes"},
		},
		"a host port is for one pod of a node": {
			problem: Problem{Pods: []*corev1.Pod{pod("p", "1", hostPort80), pod("q", "100m", hostPort80)}, Candidates: []Candidate{small}},
			want:    []string{"m5.large/a:1", "m5.large/a:1"},
		},
		"an unknown zone is refused": {problem: Problem{Pods: []*corev1.Pod{pod("p", "1", inZone("z"))}, Candidates: []Candidate{small}}, reasons: []string{"node selector"}},
	} {
		t.Run(name, func(t *testing.T) {
			decision := Solve(tc.problem)
			if got := bought(decision); !slices.Equal(got, tc.want) {
				t.Errorf("bought %v, want %v", got, tc.want)
			}
			if len(decision.Unschedulable) != len(tc.reasons) {
				t.Fatalf("unschedulable: %v, want %v", decision.Unschedulable, tc.reasons)
			}
			for i, want := range tc.reasons {
				if !strings.Contains(decision.Unschedulable[i].Reason, want) {
					t.Errorf("reason %q does not say %q", decision.Unschedulable[i].Reason, want)
				}
			}
		})
	}
}

func TestSolveNamesTheRunnerUp(t *testing.T) {
	d := Solve(Problem{Pods: []*corev1.Pod{pod("p", "1")}, Candidates: []Candidate{candidate("m5.large", "b", 2, 0.10), candidate("c5.large", "a", 2, 0.11), candidate("m5.large", "a", 2, 0.10)}})
	if len(d.Purchases) != 1 || d.Purchases[0].RunnerUp == nil || d.Purchases[0].RunnerUp.Offering.InstanceType != "c5.large" {
		t.Fatalf("decision = %+v", d)
	}
}

// Equal input in another order gives an equal decision.
func TestSolveIsDeterministic(t *testing.T) {
	var pods []*corev1.Pod
	for i := range 50 {
		pods = append(pods, pod(fmt.Sprintf("p%02d", i), fmt.Sprintf("%dm", 100+i*37%900)))
	}
	candidates := []Candidate{
		candidate("m5.large", "a", 2, 0.10), candidate("m5.large", "b", 2, 0.10),
		candidate("c5.xlarge", "a", 4, 0.17), candidate("m5.4xlarge", "a", 16, 0.70),
	}
	first := Solve(Problem{Pods: pods, Candidates: candidates})
	slices.Reverse(pods)
	slices.Reverse(candidates)
	if second := Solve(Problem{Pods: pods, Candidates: candidates}); !reflect.DeepEqual(bought(first), bought(second)) {
		t.Errorf("first %v, then %v", bought(first), bought(second))
	}
	placed := 0
	for _, p := range first.Purchases {
		placed += len(p.Pods)
	}
	if placed != len(pods) {
		t.Errorf("%d of %d pods have a machine", placed, len(pods))
	}
}

func TestLimitsOf(t *testing.T) {
	edges, gpus, cpu := int32(3), int32(4), resource.MustParse("8")
	b := LimitsOf(&v1beta1.TemplateLimits{Edges: &edges, CPU: &cpu, GPU: &gpus, HourlyPrice: "1.5"}, 1, 6000, 0, 1, 1.25)
	if *b.Edges != 2 || *b.MilliCPU != 2000 || *b.GPUs != 3 || b.MemoryBytes != nil || *b.HourlyPrice != 0.25 {
		t.Errorf("budget = %+v", b)
	}
	c := candidate("m5.xlarge", "a", 4, 0.2)
	if limit, ok := b.allows(&c); ok || limit != "limits.cpu" {
		t.Errorf("allows = %q, %v", limit, ok)
	}
}
