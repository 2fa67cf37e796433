// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

func generateNodeAffinity(t *rapid.T) *corev1.NodeAffinity {
	affinity := &corev1.NodeAffinity{}
	if chance(t, 50, "requiredNodeAffinity") {
		affinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{}
		for range rapid.IntRange(1, 2).Draw(t, "terms") {
			affinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms = append(
				affinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, generateNodeTerm(t))
		}
	}
	if chance(t, 50, "preferredNodeAffinity") {
		for range rapid.IntRange(1, 2).Draw(t, "preferredNodeTerms") {
			affinity.PreferredDuringSchedulingIgnoredDuringExecution = append(affinity.PreferredDuringSchedulingIgnoredDuringExecution,
				corev1.PreferredSchedulingTerm{Weight: generateWeight(t), Preference: generateNodeTerm(t)})
		}
	}
	return affinity
}

func generateNodeTerm(t *rapid.T) corev1.NodeSelectorTerm {
	if chance(t, 10, "matchFields") {
		return corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{
			Key: metav1.ObjectNameField, Operator: oneOf(t, "fieldOperator", corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{"node-0"},
		}}}
	}
	var term corev1.NodeSelectorTerm
	for range rapid.IntRange(1, 2).Draw(t, "requirements") {
		term.MatchExpressions = append(term.MatchExpressions, generateRequirement(t))
	}
	return term
}

func generateRequirement(t *rapid.T) corev1.NodeSelectorRequirement {
	operator := oneOf(t, "operator", corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists,
		corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt)
	switch operator {
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		return corev1.NodeSelectorRequirement{Key: "generation", Operator: operator, Values: []string{oneOf(t, "number", "2", "5")}}
	case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
		return corev1.NodeSelectorRequirement{Key: oneOf(t, "labelKey", "disk", "generation"), Operator: operator}
	}
	if chance(t, 50, "byZone") {
		return corev1.NodeSelectorRequirement{Key: corev1.LabelTopologyZone, Operator: operator, Values: []string{oneOf(t, "inZone", zones...)}}
	}
	return corev1.NodeSelectorRequirement{Key: "disk", Operator: operator, Values: []string{"ssd"}}
}

// generateTerms draws required and preferred terms of pod affinity.
func generateTerms(t *rapid.T, pod *corev1.Pod) (required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	for range rapid.IntRange(0, 2).Draw(t, "requiredTerms") {
		required = append(required, generateTerm(t, pod))
	}
	if len(required) == 0 || chance(t, 30, "preferredTerms") {
		preferred = append(preferred, corev1.WeightedPodAffinityTerm{Weight: generateWeight(t), PodAffinityTerm: generateTerm(t, pod)})
	}
	return required, preferred
}

func generateWeight(t *rapid.T) int32 { return oneOf[int32](t, "weight", 10, 1, 100) }

func generateTerm(t *rapid.T, pod *corev1.Pod) corev1.PodAffinityTerm {
	term := corev1.PodAffinityTerm{TopologyKey: oneOf(t, "topologyKey", domains...), LabelSelector: generateSelector(t)}
	switch oneOf(t, "scope", "own", "own", "list", "selector", "all") {
	case "list":
		term.Namespaces = []string{"other"}
	case "selector":
		term.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": oneOf(t, "team", "red", "blue")}}
	case "all":
		term.NamespaceSelector = &metav1.LabelSelector{}
	}
	if term.LabelSelector != nil && chance(t, 20, "labelKeys") {
		mergeLabelKeys(t, pod, &term)
	}
	return term
}

// mergeLabelKeys sets matchLabelKeys or mismatchLabelKeys, and adds to the selector
// what the API server adds when it stores such a pod.
func mergeLabelKeys(t *rapid.T, pod *corev1.Pod, term *corev1.PodAffinityTerm) {
	operator := metav1.LabelSelectorOpIn
	if chance(t, 50, "mismatch") {
		operator = metav1.LabelSelectorOpNotIn
		term.MismatchLabelKeys = []string{"version"}
	} else {
		term.MatchLabelKeys = []string{"version"}
	}
	term.LabelSelector = term.LabelSelector.DeepCopy()
	term.LabelSelector.MatchExpressions = append(term.LabelSelector.MatchExpressions,
		metav1.LabelSelectorRequirement{Key: "version", Operator: operator, Values: []string{pod.Labels["version"]}})
}

func generateSpread(t *rapid.T) corev1.TopologySpreadConstraint {
	constraint := corev1.TopologySpreadConstraint{
		TopologyKey: oneOf(t, "spreadKey", domains...), MaxSkew: rapid.Int32Range(1, 2).Draw(t, "maxSkew"),
		WhenUnsatisfiable: oneOf(t, "whenUnsatisfiable", corev1.DoNotSchedule, corev1.DoNotSchedule, corev1.ScheduleAnyway),
		LabelSelector:     generateSelector(t),
	}
	if constraint.WhenUnsatisfiable == corev1.DoNotSchedule && chance(t, 20, "minDomains") {
		minimum := rapid.Int32Range(1, 3).Draw(t, "minDomainsValue")
		constraint.MinDomains = &minimum
	}
	policies := []*corev1.NodeInclusionPolicy{nil, new(corev1.NodeInclusionPolicyHonor), new(corev1.NodeInclusionPolicyIgnore)}
	constraint.NodeAffinityPolicy = oneOf(t, "nodeAffinityPolicy", policies...)
	constraint.NodeTaintsPolicy = oneOf(t, "nodeTaintsPolicy", policies...)
	if constraint.LabelSelector != nil && chance(t, 20, "matchLabelKeys") {
		constraint.MatchLabelKeys = []string{"version"}
	}
	return constraint
}

func generateSelector(t *rapid.T) *metav1.LabelSelector {
	switch oneOf(t, "labelSelector", "label", "label", "expression", "everything", "nothing") {
	case "label":
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": oneOf(t, "selectedApp", apps...)}}
	case "expression":
		requirement := metav1.LabelSelectorRequirement{Key: "app", Operator: oneOf(t, "selectorOperator",
			metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)}
		if requirement.Operator == metav1.LabelSelectorOpIn || requirement.Operator == metav1.LabelSelectorOpNotIn {
			requirement.Values = apps[:2]
		}
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{requirement}}
	case "everything":
		return &metav1.LabelSelector{}
	}
	return nil
}
