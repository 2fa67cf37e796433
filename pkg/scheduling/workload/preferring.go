// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labelInstance is the label by which charts select the pods of a release.
const labelInstance = "app.kubernetes.io/instance"

// Preferring returns the workload with what many charts let pods prefer by default: those
// of a group are spread over zones, and apart on hosts with a weight of 100.
func (w *Workload) Preferring() *Workload {
	preferring := *w
	preferring.Groups = slices.Clone(w.Groups)
	for i := range preferring.Groups {
		g := &preferring.Groups[i]
		labels := map[string]string{labelInstance: g.Name}
		maps.Copy(labels, g.Labels)
		g.Labels = labels
		selector := &metav1.LabelSelector{MatchLabels: map[string]string{labelInstance: g.Name}}
		g.Spec = *g.Spec.DeepCopy()
		g.Spec.TopologySpreadConstraints = append(g.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: selector,
		})
		if g.Spec.Affinity == nil {
			g.Spec.Affinity = &corev1.Affinity{}
		}
		if g.Spec.Affinity.PodAntiAffinity == nil {
			g.Spec.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
		}
		apart := &g.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution
		*apart = append(*apart, corev1.WeightedPodAffinityTerm{
			Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: selector},
		})
	}
	return &preferring
}
