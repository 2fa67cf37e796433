// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// softTaint is what a taint that a pod would rather avoid weighs, on the scale of the
// weights of preferred node affinity, which end at 100.
const softTaint = 100

// preferred returns, of the candidates of a machine's kind, which cost the same, the one
// that the pods like best.
func (p *plan) preferred(m *machine) *Candidate {
	best, greatest := p.model.candidate(m.kind), int64(0)
	for n, member := range m.kind.members {
		candidate := &p.model.problem.Candidates[member]
		score := int64(0)
		for _, c := range m.classes {
			score += liking(p.model.classes[c].sample(), candidate)
		}
		if n == 0 || score > greatest {
			best, greatest = candidate, score
		}
	}
	return best
}

// liking is the sum of the weights of what a pod prefers and the candidate has.
func liking(pod *corev1.Pod, candidate *Candidate) (score int64) {
	soft := func(t *corev1.Taint) bool { return t.Effect == corev1.TaintEffectPreferNoSchedule }
	if _, untolerated := v1helper.FindMatchingUntoleratedTaint(klog.Background(), candidate.Taints, pod.Spec.Tolerations, soft, false); untolerated {
		score -= softTaint
	}
	a := pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || len(a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution) == 0 {
		return score
	}
	// Terms that cannot be parsed are not preferred; the API server refuses them.
	terms, err := nodeaffinity.NewPreferredSchedulingTerms(a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	if err != nil {
		return score
	}
	return score + terms.Score(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: candidate.Labels}})
}
