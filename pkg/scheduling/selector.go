// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// podSelector selects pods for a term of pod affinity or for topology spread.
type podSelector struct {
	labels     labels.Selector
	namespaces []string
	// namespaceLabels selects namespaces besides those named, nil for none.
	namespaceLabels labels.Selector
}

func (s *podSelector) matches(pod *corev1.Pod, namespaces map[string]map[string]string) bool {
	if !slices.Contains(s.namespaces, pod.Namespace) &&
		(s.namespaceLabels == nil || !s.namespaceLabels.Matches(labels.Set(namespaces[pod.Namespace]))) {
		return false
	}
	return s.labels.Matches(labels.Set(pod.Labels))
}

// termSelector returns the selector of a term of a pod's affinity. One that cannot be
// parsed selects nothing: the API server refuses it.
func termSelector(pod *corev1.Pod, term *corev1.PodAffinityTerm) *podSelector {
	s := &podSelector{labels: withKeys(term.LabelSelector, pod, term.MatchLabelKeys, term.MismatchLabelKeys), namespaces: term.Namespaces}
	if term.NamespaceSelector != nil {
		if selector, err := metav1.LabelSelectorAsSelector(term.NamespaceSelector); err == nil {
			s.namespaceLabels = selector
		}
	} else if len(term.Namespaces) == 0 {
		s.namespaces = []string{pod.Namespace}
	}
	return s
}

// spreadSelector returns the selector of a topology spread constraint; nil when it
// counts nothing, which is what an empty one means.
func spreadSelector(pod *corev1.Pod, c *corev1.TopologySpreadConstraint) *podSelector {
	selector := withKeys(c.LabelSelector, pod, c.MatchLabelKeys, nil)
	return &podSelector{labels: selector, namespaces: []string{pod.Namespace}}
}

// withKeys adds to a selector that the labels of some keys are, or are not, those of
// the pod. The API server does the same when a pod is created; twice is once.
func withKeys(selector *metav1.LabelSelector, pod *corev1.Pod, match, mismatch []string) labels.Selector {
	if selector != nil && len(match)+len(mismatch) > 0 {
		selector = selector.DeepCopy()
		add := func(keys []string, operator metav1.LabelSelectorOperator) {
			for _, key := range keys {
				if value, ok := pod.Labels[key]; ok {
					selector.MatchExpressions = append(selector.MatchExpressions,
						metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}})
				}
			}
		}
		add(match, metav1.LabelSelectorOpIn)
		add(mismatch, metav1.LabelSelectorOpNotIn)
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}
