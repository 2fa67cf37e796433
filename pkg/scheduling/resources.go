// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	podresource "k8s.io/component-helpers/resource"
)

// resources are the names of those that the pods of a problem ask for: what each
// place of a vector means. Cpu is in thousandths, all others are in their unit; all
// are whole and below 2^53, so that a float64 is exact.
type resources []corev1.ResourceName

// The places of the resources that every pod and node has.
const (
	placeCPU = iota
	placeMemory
	placePods
	fixedPlaces
)

// asked returns the resources of some requests.
func asked(requests []corev1.ResourceList) resources {
	names := resources{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods}
	for _, request := range requests {
		for name, quantity := range request {
			if !quantity.IsZero() && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names[fixedPlaces:])
	return names
}

// vector returns a list as figures. What the list does not name is zero.
func (names resources) vector(list corev1.ResourceList) []float64 {
	vector := make([]float64, len(names))
	names.fill(vector, list)
	return vector
}

func (names resources) fill(vector []float64, list corev1.ResourceList) {
	for place, name := range names {
		quantity := list[name]
		if place == placeCPU {
			vector[place] = float64(quantity.MilliValue())
		} else {
			vector[place] = float64(quantity.Value())
		}
	}
}

// requestsOf is what a pod asks of its node, as the scheduler counts it, besides its
// place among the node's pods.
func requestsOf(pod *corev1.Pod) corev1.ResourceList {
	return podresource.PodRequests(pod, podresource.PodResourcesOptions{})
}

// tooSmall returns the place of the first resource that is not enough, -1 when all
// are. What is not asked for may be overdrawn.
func tooSmall(free, need []float64) int {
	for place, n := range need {
		if n > 0 && n > free[place] {
			return place
		}
	}
	return -1
}

func add(vector, other []float64, times float64) {
	for place := range vector {
		vector[place] += times * other[place]
	}
}
