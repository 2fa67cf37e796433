// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Steady says whether a pod may be nominated to the node that it is planned for
// together with others, of which it is one or not. The scheduler counts the pods that
// are nominated to the node it looks at as if they were there, and none of those that
// are nominated to other nodes: with more of them on one node than a topology spread
// allows as skew, all of them keep each other away from every node.
func Steady(pod *corev1.Pod, planned []*corev1.Pod) bool {
	return !slices.ContainsFunc(pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			return false
		}
		selector, counted := spreadSelector(pod, &c), int32(0)
		for _, other := range planned {
			if selector.matches(other, nil) {
				counted++
			}
		}
		return !selector.labels.Empty() && counted > c.MaxSkew
	})
}
