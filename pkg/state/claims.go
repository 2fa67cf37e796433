// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// claims says where the volumes of the pods can be used. Claims that cannot be
// judged are left out: no machine is right for them for sure.
func (r *Reader) claims(ctx context.Context, pods []*corev1.Pod) (map[types.NamespacedName]*corev1.NodeSelector, error) {
	claims := map[types.NamespacedName]*corev1.NodeSelector{}
	for _, pod := range pods {
		for i := range pod.Spec.Volumes {
			name := claimName(pod, &pod.Spec.Volumes[i])
			if name == "" {
				continue
			}
			key := types.NamespacedName{Namespace: pod.Namespace, Name: name}
			if _, known := claims[key]; known {
				continue
			}
			where, known, err := r.claim(ctx, key)
			if err != nil {
				return nil, err
			}
			if known {
				claims[key] = where
			}
		}
	}
	return claims, nil
}

// claimName is the name of the volume's PersistentVolumeClaim, empty if it has none.
func claimName(pod *corev1.Pod, volume *corev1.Volume) string {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName
	case volume.Ephemeral != nil:
		// https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#persistentvolumeclaim-naming
		return pod.Name + "-" + volume.Name
	}
	return ""
}

func (r *Reader) claim(ctx context.Context, key types.NamespacedName) (where *corev1.NodeSelector, known bool, err error) {
	var claim corev1.PersistentVolumeClaim
	if err := r.Main.Get(ctx, key, &claim); err != nil {
		return nil, false, ignoreNotFound(err, "read PersistentVolumeClaim", key.String())
	}
	if claim.Spec.VolumeName != "" {
		var volume corev1.PersistentVolume
		if err := r.Main.Get(ctx, client.ObjectKey{Name: claim.Spec.VolumeName}, &volume); err != nil {
			return nil, false, ignoreNotFound(err, "read PersistentVolume", claim.Spec.VolumeName)
		}
		if volume.Spec.NodeAffinity == nil {
			return nil, true, nil
		}
		return volume.Spec.NodeAffinity.Required, true, nil
	}
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName == "" {
		return nil, false, nil
	}
	var class storagev1.StorageClass
	if err := r.Main.Get(ctx, client.ObjectKey{Name: *claim.Spec.StorageClassName}, &class); err != nil {
		return nil, false, ignoreNotFound(err, "read StorageClass", *claim.Spec.StorageClassName)
	}
	// A claim that is bound without waiting for a pod is bound before long, and
	// then its volume says where.
	if class.VolumeBindingMode == nil || *class.VolumeBindingMode != storagev1.VolumeBindingWaitForFirstConsumer {
		return nil, false, nil
	}
	return allowedTopologies(&class), true, nil
}

func ignoreNotFound(err error, what, name string) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, name, err)
}

// allowedTopologies turns those of a class into the terms of a node selector; nil
// when volumes can be made anywhere.
func allowedTopologies(class *storagev1.StorageClass) *corev1.NodeSelector {
	if len(class.AllowedTopologies) == 0 {
		return nil
	}
	selector := &corev1.NodeSelector{}
	for _, topology := range class.AllowedTopologies {
		term := corev1.NodeSelectorTerm{}
		for _, e := range topology.MatchLabelExpressions {
			term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{
				Key: e.Key, Operator: corev1.NodeSelectorOpIn, Values: e.Values,
			})
		}
		selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, term)
	}
	return selector
}
