// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRoomComesFirst: no machine is bought for a few pods that nodes have room for. These
// are problems that drew dearer decisions than first fit's.
func TestRoomComesFirst(t *testing.T) {
	room := func(name, cpu, memory, pods string, running ...*corev1.Pod) Node {
		return Node{
			Name: name, Labels: map[string]string{corev1.LabelHostname: name, corev1.LabelTopologyZone: "a"}, Pods: running,
			Free: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory), corev1.ResourcePods: resource.MustParse(pods)},
		}
	}
	memory := func(quantity string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse(quantity)
		}
	}
	overHosts := func(p *corev1.Pod) {
		p.Labels = map[string]string{"app": "web"}
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
			LabelSelector: &metav1.LabelSelector{MatchLabels: p.Labels},
		}}
	}
	for name, problem := range map[string]Problem{
		"a machine that could be bought does not count as a host": {
			Pods: []*corev1.Pod{pod("new", "1", overHosts)}, Nodes: []Node{room("n", "4", "8Gi", "9", pod("running", "1", overHosts))},
		},
		"pods that need a node's CPU go there before those that need none": {
			Pods:  []*corev1.Pod{pod("small-0", "0", memory("512Mi")), pod("small-1", "0", memory("512Mi")), pod("large", "3", memory("0"))},
			Nodes: []Node{room("n", "4", "2Gi", "1"), room("o", "2", "2Gi", "2")},
		},
		"large pods go first": {
			Pods: []*corev1.Pod{
				pod("p-0", "500m", memory("512Mi")), pod("p-1", "500m", memory("512Mi")), pod("p-2", "500m", memory("512Mi")), pod("p-3", "500m", memory("512Mi")),
				pod("q-0", "0", memory("512Mi")), pod("q-1", "0", memory("512Mi")), pod("q-2", "0", memory("512Mi")), pod("q-3", "0", memory("512Mi")),
			},
			Nodes: []Node{room("n", "1", "2Gi", "50"), room("o", "4", "2Gi", "1"), room("p", "1", "2Gi", "50")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			problem.Candidates = []Candidate{candidate("m5.large", "a", 2, 0.1), candidate("m5.2xlarge", "b", 8, 0.4)}
			if d := Solve(problem); len(d.Purchases) > 0 || len(d.Unschedulable) > 0 {
				t.Errorf("bought %v, left %v", bought(d), d.Unschedulable)
			}
		})
	}
}
