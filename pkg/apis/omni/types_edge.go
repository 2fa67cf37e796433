// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Edge is one machine in an edge location and the Node it becomes in the main
// cluster, named cast-<uid>. Deleting it drains the Node, ends the peering of
// that Node and terminates the machine.
type Edge struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec   EdgeSpec
	Status EdgeStatus
}

// EdgeSpec says what to buy. It is immutable after creation.
type EdgeSpec struct {
	EdgeLocationName string
	NodeTemplateName string
	InstanceType     string
	Zone             string
	CapacityType     CapacityType
	ImageID          string
	Labels           map[string]string
	Taints           []corev1.Taint
}

// EdgePhase is the state of an Edge in one word.
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
	Phase       EdgePhase
	Conditions  []metav1.Condition
	Launch      *EdgeLaunch
	InstanceID  string
	NodeName    string
	ProviderID  string
	Allocatable corev1.ResourceList
	HourlyPrice string
	Decision    *EdgeDecision
	EmptySince  *metav1.Time
}

// EdgeLaunch is the intent to launch a machine.
type EdgeLaunch struct {
	Attempt     int32
	ClientToken string
	Zone        string
	ImageID     string
	StartTime   *metav1.Time
}

// EdgeDecision says why a machine was bought.
type EdgeDecision struct {
	ChosenBecause string
	RunnerUp      string
	RunnerUpCost  string
	Cost          *DecisionCost
	Bill          string
	LowerBound    string
	WithinPercent string
	Pods          []string
}

// DecisionCost is what a machine costs, part by part.
type DecisionCost struct {
	Price        string
	Adjustment   string
	Overhead     string
	Interruption string
	Egress       string
	Total        string
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EdgeList is a list of Edges.
type EdgeList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []Edge
}
