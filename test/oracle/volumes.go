// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/component-helpers/storage/ephemeral"
	volume "k8s.io/component-helpers/storage/volume"

	"github.com/castai/omni/pkg/scheduling"
)

// addVolumes makes, of every claim that the problem knows, a PersistentVolumeClaim
// that is bound to a PersistentVolume with the claim's node affinity.
func addVolumes(core coreinformers.Interface, problem *scheduling.Problem) error {
	owners := ephemeralClaims(problem)
	for key, selector := range problem.Claims {
		pv := &corev1.PersistentVolume{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%s", key.Namespace, key.Name)},
			Spec:       corev1.PersistentVolumeSpec{NodeAffinity: &corev1.VolumeNodeAffinity{Required: inMain(selector)}},
		}
		claim := &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: key.Namespace, Name: key.Name,
				Annotations: map[string]string{volume.AnnBindCompleted: "yes"},
			},
			Spec:   corev1.PersistentVolumeClaimSpec{VolumeName: pv.Name},
			Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
		}
		if pod := owners[key]; pod != nil {
			claim.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(pod, corev1.SchemeGroupVersion.WithKind("Pod"))}
		}
		if err := core.PersistentVolumes().Informer().GetIndexer().Add(pv); err != nil {
			return err
		}
		if err := core.PersistentVolumeClaims().Informer().GetIndexer().Add(claim); err != nil {
			return err
		}
	}
	return nil
}

// ephemeralClaims returns the pods whose ephemeral volumes make claims, by claim:
// such a claim must be the pod's own.
func ephemeralClaims(problem *scheduling.Problem) map[types.NamespacedName]*corev1.Pod {
	owners := map[types.NamespacedName]*corev1.Pod{}
	for _, pod := range problem.Pods {
		pod = bound(pod, "")
		for i := range pod.Spec.Volumes {
			if v := &pod.Spec.Volumes[i]; v.Ephemeral != nil {
				owners[types.NamespacedName{Namespace: pod.Namespace, Name: ephemeral.VolumeClaimName(pod, v)}] = pod
			}
		}
	}
	return owners
}

// inMain returns the terms of a claim, each with the demand that the node be one
// of the main cluster.
func inMain(selector *corev1.NodeSelector) *corev1.NodeSelector {
	demand := corev1.NodeSelectorRequirement{Key: mountsVolumes, Operator: corev1.NodeSelectorOpExists}
	if selector == nil {
		return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{demand}}}}
	}
	selector = selector.DeepCopy()
	for i := range selector.NodeSelectorTerms {
		// A term that asks for nothing matches nothing, and must go on doing so.
		if term := &selector.NodeSelectorTerms[i]; len(term.MatchExpressions)+len(term.MatchFields) > 0 {
			term.MatchExpressions = append(term.MatchExpressions, demand)
		}
	}
	return selector
}
