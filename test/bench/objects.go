// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func edgeName(i int) string { return fmt.Sprintf("batch-%05d", i) }

// newEdge is an Edge as omni-controller makes it.
func newEdge(group string, i int) *v1beta1.Edge {
	return &v1beta1.Edge{
		TypeMeta: metav1.TypeMeta{APIVersion: group + "/" + v1beta1.SchemeGroupVersion.Version, Kind: "Edge"},
		ObjectMeta: metav1.ObjectMeta{
			Name:       edgeName(i),
			Labels:     map[string]string{"omni.cast.ai/edge-location": location(i), "omni.cast.ai/node-template": "batch"},
			Finalizers: []string{"omni.cast.ai/edge-cleanup"},
		},
		Spec: v1beta1.EdgeSpec{
			EdgeLocationName: location(i), NodeTemplateName: "batch",
			InstanceType: "m7i.2xlarge", Zone: "us-west-2a", CapacityType: v1beta1.CapacitySpot,
			ImageID: "ami-0a1b2c3d4e5f60718",
			Labels:  map[string]string{"example.com/team": "ml", "example.com/cost-center": "4711"},
			Taints:  []corev1.Taint{{Key: "example.com/batch", Value: "true", Effect: corev1.TaintEffectNoSchedule}},
		},
	}
}

// location spreads the edges over 20 locations.
func location(i int) string { return fmt.Sprintf("aws-oregon-%02d", i%20) }

// newStatus is the status of an Edge that runs.
func newStatus(i int) v1beta1.EdgeStatus {
	uid := fmt.Sprintf("0b1c2d3e-4f50-4161-8273-%012d", i)
	since := metav1.NewTime(time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC))
	status := v1beta1.EdgeStatus{
		Phase: v1beta1.EdgeReady,
		Launch: &v1beta1.EdgeLaunch{
			Attempt: 1, ClientToken: uid, Zone: "us-west-2a", ImageID: "ami-0a1b2c3d4e5f60718", StartTime: new(since),
		},
		InstanceID: fmt.Sprintf("i-%017x", i), NodeName: "cast-" + uid,
		ProviderID: "castai-omni://aws/us-west-2/" + uid,
		Allocatable: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("7910m"), corev1.ResourceMemory: resource.MustParse("31482884Ki"),
			corev1.ResourceEphemeralStorage: resource.MustParse("27905944324"), corev1.ResourcePods: resource.MustParse("110"),
		},
		HourlyPrice: "0.1612",
		Decision: &v1beta1.EdgeDecision{
			ChosenBecause: "m7i.2xlarge spot in us-west-2a at 0.1612 USD/h is the cheapest offering that fits 3 pods",
			RunnerUp:      "m6i.2xlarge spot in us-west-2b at 0.1688 USD/h",
			Pods:          []string{"ml/train-0", "ml/train-1", "ml/train-2"},
		},
	}
	for _, c := range [][3]string{
		{v1beta1.ConditionLaunched, "InstanceRunning", "the cloud has given the machine " + status.InstanceID},
		{v1beta1.ConditionRegistered, "NodeReady", "the machine is a Ready node of the edge cluster"},
		{v1beta1.ConditionReady, "NodeReady", "the Node " + status.NodeName + " is Ready"},
	} {
		status.Conditions = append(status.Conditions, metav1.Condition{
			Type: c[0], Status: metav1.ConditionTrue, ObservedGeneration: 1, LastTransitionTime: since, Reason: c[1], Message: c[2],
		})
	}
	return status
}

// statusPatch is a merge patch of the status.
func statusPatch(status any) []byte { return encode(map[string]any{"status": status}) }

// encode panics on what cannot be JSON: that is a mistake in the program.
func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
