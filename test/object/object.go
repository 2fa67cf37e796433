// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package object makes the objects that the tests of several packages begin with, and
// the scheme of the clients in memory that hold them.
package object

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgenode"
)

// Scheme has the kinds of Kubernetes and of omni.cast.ai, and those that more adds.
func Scheme(t testing.TB, more ...func(*runtime.Scheme) error) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range append(more, clientgoscheme.AddToScheme, v1beta1.AddToScheme) {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

// Location is team-a/oregon on AWS, Ready, with a subnet in each of the zones of
// us-west-2.
func Location(zones ...string) *v1beta1.EdgeLocation {
	subnets := map[string]string{}
	for i, zone := range zones {
		subnets[zone] = fmt.Sprint("subnet-", i+1)
	}
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon"},
		Spec: v1beta1.EdgeLocationSpec{
			Provider: v1beta1.ProviderAWS, Region: "us-west-2", AWS: &v1beta1.AWSLocation{SubnetIDs: subnets},
		},
		Status: v1beta1.EdgeLocationStatus{Conditions: []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue}}},
	}
}

// Tolerations are those of a pod that may go to edges: for OMNI's taint and Liqo's.
func Tolerations() []corev1.Toleration {
	return []corev1.Toleration{
		edgenode.EdgeToleration(),
		{Key: "virtual-node.liqo.io/not-allowed", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	}
}

// Unschedulable is the status of a pod for which kube-scheduler has found no place.
func Unschedulable() corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable},
	}}
}

// Pending is a pod that waits for a place on an edge or elsewhere and requests so much
// CPU, for example 1500m. Its UID is its name.
func Pending(namespace, name, cpu string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name)},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
			}}},
			Tolerations: Tolerations(),
		},
		Status: Unschedulable(),
	}
}

// WithoutPreferences returns copies of pods that prefer nothing: neither nodes, nor pods,
// nor spread.
func WithoutPreferences(pods []*corev1.Pod) (list []*corev1.Pod) {
	for _, pod := range pods {
		pod = pod.DeepCopy()
		pod.Spec.TopologySpreadConstraints = slices.DeleteFunc(pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return c.WhenUnsatisfiable == corev1.ScheduleAnyway
		})
		if a := pod.Spec.Affinity; a != nil {
			if a.NodeAffinity != nil {
				a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = nil
			}
			if a.PodAffinity != nil {
				a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution = nil
			}
			if a.PodAntiAffinity != nil {
				a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution = nil
			}
		}
		list = append(list, pod)
	}
	return list
}
