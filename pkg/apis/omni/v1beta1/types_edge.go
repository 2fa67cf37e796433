// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:supportsSubresource="/status"

// Edge is one machine in an edge location and the Node it becomes in the main
// cluster, named cast-<uid>. Deleting it drains the Node, ends the peering of
// that Node and terminates the machine. A machine of a Custom location, which
// OMNI did not make, is left as it is.
type Edge struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object's metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says what to buy. Immutable: to change it, delete the Edge and create
	// another one.
	// +optional
	// +k8s:immutable
	Spec EdgeSpec `json:"spec,omitempty"`
	// Status is what OMNI observes. Read-only.
	// +optional
	Status EdgeStatus `json:"status,omitempty"`
}

// EdgeSpec says what to buy. It is immutable after creation.
type EdgeSpec struct {
	// EdgeLocationName is an EdgeLocation of the same namespace.
	// Example: aws-oregon.
	// +k8s:required
	// +k8s:format=k8s-long-name
	EdgeLocationName string `json:"edgeLocationName"`

	// NodeTemplateName is the NodeTemplate of the same namespace that allowed
	// the purchase. Default: none, for an Edge that is made by hand.
	// Example: default.
	// +optional
	// +k8s:optional
	// +k8s:format=k8s-long-name
	NodeTemplateName string `json:"nodeTemplateName,omitempty"`

	// InstanceType is the cloud's name of the machine type; in a Custom location
	// any name. Example: m7i.large.
	// +k8s:required
	InstanceType string `json:"instanceType"`

	// Zone is the availability zone. Default: the first zone of the location.
	// Example: us-west-2a.
	// +optional
	Zone string `json:"zone,omitempty"`

	// CapacityType is spot or on-demand. Default: on-demand. Example: spot.
	// +optional
	// +default="on-demand"
	// +k8s:optional
	CapacityType CapacityType `json:"capacityType,omitempty"`

	// ImageID is the cloud's identifier of the machine image.
	// Default: the location's nodeDefaults.imageID.
	// Example: ami-0a1b2c3d4e5f60718.
	// +optional
	ImageID string `json:"imageID,omitempty"`

	// Labels are put on the Node besides OMNI's own. At most 64. Default: none.
	// Example: {"workload": "batch"}.
	// +optional
	// +k8s:optional
	// +k8s:maxProperties=64
	Labels map[string]string `json:"labels,omitempty"`

	// Taints are put on the Node besides the edge taint. At most 32. Default: none.
	// Example: [{"key": "gpu", "value": "true", "effect": "NoSchedule"}].
	// +optional
	// +listType=atomic
	// +k8s:optional
	// +k8s:maxItems=32
	Taints []corev1.Taint `json:"taints,omitempty"`
}

// EdgePhase is the state of an Edge in one word.
// +k8s:enum
type EdgePhase string

// The phases of an Edge, in the order of its life.
const (
	// EdgePending: nothing has been asked of the cloud.
	EdgePending EdgePhase = "Pending"
	// EdgeLaunching: the intent is written down and the cloud is being asked.
	EdgeLaunching EdgePhase = "Launching"
	// EdgeLaunched: the cloud has given a machine.
	EdgeLaunched EdgePhase = "Launched"
	// EdgeRegistered: the machine has joined the edge cluster.
	EdgeRegistered EdgePhase = "Registered"
	// EdgeReady: the Node in the main cluster is Ready.
	EdgeReady EdgePhase = "Ready"
	// EdgeDraining: pods are leaving.
	EdgeDraining EdgePhase = "Draining"
	// EdgeTerminating: the Node is gone and the machine is being terminated.
	EdgeTerminating EdgePhase = "Terminating"
)

// Condition types of an Edge. All are positive; Ready is shared with the
// other kinds.
const (
	// ConditionLaunched: the cloud has given a machine.
	ConditionLaunched = "Launched"
	// ConditionRegistered: the machine is a Ready node of the edge cluster.
	ConditionRegistered = "Registered"
	// ConditionDrained: no pod is left on the Node.
	ConditionDrained = "Drained"
)

// EdgeStatus is the observed state of an Edge.
type EdgeStatus struct {
	// Phase is Pending, Launching, Launched, Registered, Ready, Draining or
	// Terminating.
	// +optional
	// +k8s:optional
	Phase EdgePhase `json:"phase,omitempty"`

	// Conditions: Launched, Registered, Ready and Drained.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +k8s:optional
	// +k8s:listType=map
	// +k8s:listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Launch is the intent, written before the cloud is asked.
	// +optional
	Launch *EdgeLaunch `json:"launch,omitempty"`

	// InstanceID is the cloud's identifier of the machine.
	// Example: i-0a1b2c3d4e5f60718.
	// +optional
	InstanceID string `json:"instanceID,omitempty"`

	// NodeName is the Node in the main cluster: cast-<uid>.
	// +optional
	NodeName string `json:"nodeName,omitempty"`

	// ProviderID is spec.providerID of that Node.
	// It ends with the UID of the Edge, which the kubelet is told at boot.
	// Example: castai-omni://aws/us-west-2/0b1c2d3e-4f50-4161-8273-8495a6b7c8d9.
	// +optional
	ProviderID string `json:"providerID,omitempty"`

	// Allocatable is what pods can use of the machine, as its kubelet says.
	// +optional
	Allocatable corev1.ResourceList `json:"allocatable,omitempty"`

	// HourlyPrice is the price at the time of the decision, in US dollars per
	// hour, as a decimal. Example: "0.0416".
	// +optional
	HourlyPrice string `json:"hourlyPrice,omitempty"`

	// Decision says why this machine was bought. Absent for an Edge that was
	// made by hand.
	// +optional
	// +k8s:optional
	Decision *EdgeDecision `json:"decision,omitempty"`

	// EmptySince is since when no pod needs the Node. Absent while one does.
	// +optional
	EmptySince *metav1.Time `json:"emptySince,omitempty"`
}

// EdgeLaunch is the intent to launch a machine.
type EdgeLaunch struct {
	// Attempt counts from 1; it rises when the cloud refused for good.
	Attempt int32 `json:"attempt"`

	// ClientToken makes the cloud's launch call idempotent: the UUIDv5 of the
	// Edge's UID and the attempt.
	ClientToken string `json:"clientToken"`

	// Zone is the availability zone of this attempt.
	// +optional
	Zone string `json:"zone,omitempty"`

	// ImageID is the machine image of this attempt.
	// +optional
	ImageID string `json:"imageID,omitempty"`

	// StartTime is when the intent was written.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
}

// EdgeDecision says why a machine was bought.
type EdgeDecision struct {
	// ChosenBecause is one sentence for people.
	// +optional
	ChosenBecause string `json:"chosenBecause,omitempty"`

	// RunnerUp is the next best offering and its price.
	// Example: c7i.large on-demand in us-west-2b at 0.0892 USD/h.
	// +optional
	RunnerUp string `json:"runnerUp,omitempty"`

	// RunnerUpCost is what the runner-up would have cost, all parts together, in
	// US dollars per hour, as a decimal. Example: "0.1092".
	// +optional
	RunnerUpCost string `json:"runnerUpCost,omitempty"`

	// Cost is what the choice was made by, part by part.
	// +optional
	// +k8s:optional
	Cost *DecisionCost `json:"cost,omitempty"`

	// Bill is what all machines that were decided on together cost, in US dollars
	// per hour, as a decimal. Example: "1.2483".
	// +optional
	Bill string `json:"bill,omitempty"`

	// LowerBound is what no choice of machines for the same pods can be below, in
	// US dollars per hour, as a decimal. Example: "1.2301".
	// +optional
	LowerBound string `json:"lowerBound,omitempty"`

	// WithinPercent is how far the bill is above the lower bound at most: the
	// decision is within so many per cent of the possible. Example: "1.5".
	// +optional
	WithinPercent string `json:"withinPercent,omitempty"`

	// Pods are the pods the machine was bought for, as namespace/name. They are
	// nominated to its Node when it comes up. At most 1024.
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:maxItems=1024
	Pods []string `json:"pods,omitempty"`
}

// DecisionCost is what a machine costs, part by part, in US dollars per hour, as
// decimals. Parts that are zero are absent.
type DecisionCost struct {
	// Price is what the cloud asks. Example: "0.0416".
	// +optional
	Price string `json:"price,omitempty"`

	// Adjustment is what the template adds for the location, below zero: takes
	// off. Example: "-0.0042".
	// +optional
	Adjustment string `json:"adjustment,omitempty"`

	// Overhead is what every machine costs besides its price: its kubelet, its
	// DaemonSets and its virtual node in the main cluster. Example: "0.02".
	// +optional
	Overhead string `json:"overhead,omitempty"`

	// Interruption is the expected cost of being taken back by the cloud.
	// Example: "0.0012".
	// +optional
	Interruption string `json:"interruption,omitempty"`

	// Egress is the expected cost of the traffic that leaves the location.
	// Example: "0.003".
	// +optional
	Egress string `json:"egress,omitempty"`

	// Total is the sum of the parts. Example: "0.0616".
	// +optional
	Total string `json:"total,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EdgeList is a list of Edges.
type EdgeList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []Edge `json:"items"`
}
