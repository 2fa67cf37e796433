// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// requirement is what pods ask of a node besides room: its labels, its taints, and
// that their volumes can be used there.
type requirement struct {
	affinity    nodeaffinity.RequiredNodeAffinity
	tolerations []corev1.Toleration
	// volumes are the selectors of the pods' claims; one without terms holds on
	// every node of the main cluster.
	volumes []*corev1.NodeSelector
	// answers by profile, where known.
	answers []answer
}

// answer says whether a node of a profile will do.
type answer struct {
	known, affinity, taints bool
	// refusal is empty when it will do, otherwise the cause, which follows a number
	// of machines.
	refusal string
}

// profile is what nodes have in common as far as requirements can tell.
type profile struct {
	node *corev1.Node
	edge bool
}

// claimsOf returns the selectors of a pod's volumes, or why it cannot be decided
// on. Edges mount no volumes.
func claimsOf(pod *corev1.Pod, claims map[types.NamespacedName]*corev1.NodeSelector) (selectors []*corev1.NodeSelector, reason string) {
	for i := range pod.Spec.Volumes {
		name := ""
		switch v := &pod.Spec.Volumes[i]; {
		case v.PersistentVolumeClaim != nil:
			name = v.PersistentVolumeClaim.ClaimName
		case v.Ephemeral != nil:
			name = pod.Name + "-" + v.Name
		default:
			continue
		}
		selector, known := claims[types.NamespacedName{Namespace: pod.Namespace, Name: name}]
		if !known {
			return nil, fmt.Sprintf("persistent volumes: the claim %s is not known yet", name)
		}
		selectors = append(selectors, selector)
	}
	if len(pod.Spec.ResourceClaims) > 0 {
		return nil, "resource claims cannot be met by machines that are not there yet"
	}
	return selectors, ""
}

func newRequirement(pod *corev1.Pod, volumes []*corev1.NodeSelector) *requirement {
	return &requirement{
		affinity: nodeaffinity.GetRequiredNodeAffinity(pod), tolerations: pod.Spec.Tolerations, volumes: volumes,
	}
}

// judge asks a concrete node of the profile, so that the meaning of every operator is
// the scheduler's own.
func (r *requirement) judge(p *profile) answer {
	a := answer{known: true}
	taint, untolerated := v1helper.FindMatchingUntoleratedTaint(klog.Background(), p.node.Spec.Taints, r.tolerations, hard, false)
	matches, err := r.affinity.Match(p.node)
	a.taints, a.affinity = !untolerated, matches && err == nil
	switch {
	case untolerated:
		a.refusal = "untolerated taint " + taint.ToString()
	case !a.affinity:
		a.refusal = "other than the node selector or required node affinity"
	case len(r.volumes) > 0 && p.edge:
		a.refusal = "in edge locations, which mount no persistent volumes"
	case !r.mounts(p):
		a.refusal = "where its persistent volumes cannot be used"
	}
	return a
}

func (r *requirement) mounts(p *profile) bool {
	for _, selector := range r.volumes {
		if selector == nil {
			continue
		}
		parsed, err := nodeaffinity.NewNodeSelector(selector)
		if err != nil || !parsed.Match(p.node) {
			return false
		}
	}
	return true
}

// hard are the taints that keep a pod away; PreferNoSchedule does not.
func hard(taint *corev1.Taint) bool {
	return taint.Effect == corev1.TaintEffectNoSchedule || taint.Effect == corev1.TaintEffectNoExecute
}
