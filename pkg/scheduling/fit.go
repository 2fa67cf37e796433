// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podresource "k8s.io/component-helpers/resource"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// request is a pod with what it needs, computed once.
type request struct {
	pod       *corev1.Pod
	resources corev1.ResourceList
	affinity  nodeaffinity.RequiredNodeAffinity
}

// requests returns the pods, greatest first; the order is total, so that equal
// input gives an equal decision.
func requests(pods []*corev1.Pod) []request {
	list := make([]request, len(pods))
	for i, pod := range pods {
		resources := podresource.PodRequests(pod, podresource.PodResourcesOptions{})
		resources[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
		list[i] = request{pod, resources, nodeaffinity.GetRequiredNodeAffinity(pod)}
	}
	slices.SortFunc(list, func(a, b request) int {
		return cmp.Or(
			b.resources.Cpu().Cmp(*a.resources.Cpu()),
			b.resources.Memory().Cmp(*a.resources.Memory()),
			cmp.Compare(a.pod.Namespace, b.pod.Namespace),
			cmp.Compare(a.pod.Name, b.pod.Name),
		)
	})
	return list
}

// unsupported names a hard constraint of the pod that this solver does not decide
// on; a machine bought without looking at it might stay empty.
func unsupported(pod *corev1.Pod) string {
	if a := pod.Spec.Affinity; a != nil {
		if a.PodAffinity != nil && len(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
			return "required pod affinity"
		}
		if a.PodAntiAffinity != nil && len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
			return "required pod anti-affinity"
		}
	}
	for i := range pod.Spec.TopologySpreadConstraints {
		if pod.Spec.TopologySpreadConstraints[i].WhenUnsatisfiable == corev1.DoNotSchedule {
			return "topology spread with DoNotSchedule"
		}
	}
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; v.PersistentVolumeClaim != nil || v.Ephemeral != nil {
			return "persistent volumes"
		}
	}
	if len(pod.Spec.ResourceClaims) > 0 {
		return "resource claims"
	}
	for i := range pod.Spec.Containers {
		for _, port := range pod.Spec.Containers[i].Ports {
			if port.HostPort != 0 {
				return "host ports"
			}
		}
	}
	return ""
}

// accepts says why a node with these labels and taints can never take the pod;
// empty when it can.
func (r *request) accepts(labels map[string]string, taints []corev1.Taint) string {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.NodeSpec{Taints: taints}}
	if taint, untolerated := v1helper.FindMatchingUntoleratedTaint(klog.Background(), taints, r.pod.Spec.Tolerations, hard, false); untolerated {
		return fmt.Sprintf("it does not tolerate the taint %s", taint.ToString())
	}
	if ok, err := r.affinity.Match(node); err != nil || !ok {
		return "its node selector or required node affinity matches no offering"
	}
	return ""
}

// hard are the taints that keep a pod away; PreferNoSchedule does not.
func hard(taint *corev1.Taint) bool {
	return taint.Effect == corev1.TaintEffectNoSchedule || taint.Effect == corev1.TaintEffectNoExecute
}

// fits says which resource is too small for the pod; empty when none is.
func (r *request) fits(free corev1.ResourceList) corev1.ResourceName {
	for name, want := range r.resources {
		if have := free[name]; want.Cmp(have) > 0 && !want.IsZero() {
			return name
		}
	}
	return ""
}

// take subtracts the pod from free.
func (r *request) take(free corev1.ResourceList) {
	for name, want := range r.resources {
		have := free[name]
		have.Sub(want)
		free[name] = have
	}
}

// share is the greatest part of allocatable that the pod needs, over all
// resources: what fraction of the machine's price is the pod's.
func (r *request) share(allocatable corev1.ResourceList) float64 {
	greatest := 0.0
	for name, want := range r.resources {
		if have := allocatable[name]; !have.IsZero() {
			greatest = max(greatest, want.AsApproximateFloat64()/have.AsApproximateFloat64())
		}
	}
	return greatest
}
