// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// TestRoomMakesTheBoundNothing: a node has room for all pods, so that no prices prove
// anything, and a machine is bought all the same because two zones are asked for.
func TestRoomMakesTheBoundNothing(t *testing.T) {
	d := Solve(Problem{
		Pods:       webPods(2, overZones, minDomains(2)),
		Candidates: []Candidate{candidate("small", "b", 2, 0.1), candidate("large", "b", 8, 0.3)},
		Nodes: []Node{{
			Name: "there", Labels: map[string]string{corev1.LabelTopologyZone: "a", corev1.LabelHostname: "there"}, Pods: webPods(4),
			Free: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourcePods: resource.MustParse("110")},
		}},
	})
	if len(d.Purchases) == 0 || d.LowerBound != 0 {
		t.Errorf("%d machines for %v above a bound of %v, want some and 0", len(d.Purchases), d.Cost, d.LowerBound)
	}
}
