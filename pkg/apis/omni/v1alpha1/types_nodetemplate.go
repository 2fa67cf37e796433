// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:supportsSubresource="/status"

// NodeTemplate says which machines may be bought, where, and how much of them.
// Pods of every namespace labelled omni.cast.ai/enable-scheduling=true may cause
// a purchase.
type NodeTemplate struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object's metadata.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the platform team asks for.
	// +optional
	Spec NodeTemplateSpec `json:"spec,omitempty"`
	// Status is what OMNI observes. Read-only.
	// +optional
	Status NodeTemplateStatus `json:"status,omitempty"`
}

// NodeTemplateSpec is the desired state of a NodeTemplate.
type NodeTemplateSpec struct {
	// EdgeLocations says in which locations machines may be bought.
	// Default: in none.
	// +optional
	EdgeLocations TemplateEdgeLocations `json:"edgeLocations,omitempty"`

	// Constraints narrow the choice of machines. Default: none.
	// +optional
	Constraints NodeConstraints `json:"constraints,omitempty"`

	// Labels are put on every Node of this template. At most 64. Default: none.
	// Example: {"workload": "batch"}.
	// +optional
	// +k8s:optional
	// +k8s:maxProperties=64
	Labels map[string]string `json:"labels,omitempty"`

	// Taints are put on every Node of this template, besides the edge taint.
	// Pods tolerate them by their own spec; nothing adds that for them. At most 32.
	// Default: none.
	// Example: [{"key": "gpu", "value": "true", "effect": "NoSchedule"}].
	// +optional
	// +listType=atomic
	// +k8s:optional
	// +k8s:maxItems=32
	Taints []corev1.Taint `json:"taints,omitempty"`

	// Limits end the buying. Default: none.
	// +optional
	Limits TemplateLimits `json:"limits,omitempty"`

	// Disruption says when machines leave again. Default: those of its fields.
	// +optional
	Disruption TemplateDisruption `json:"disruption,omitempty"`
}

// TemplateEdgeLocations says in which locations machines may be bought.
type TemplateEdgeLocations struct {
	// Enabled allows machines in edge locations. Default: false. Example: true.
	// +optional
	Enabled bool `json:"enabled,omitempty"`

	// Names are EdgeLocations of the same namespace. At most 256. Default: all of
	// them.
	// Example: ["aws-oregon"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:eachVal=+k8s:format=k8s-long-name
	// +k8s:maxItems=256
	Names []string `json:"names,omitempty"`
}

// CapacityType says how a machine is paid for.
// +k8s:enum
type CapacityType string

// The capacity types.
const (
	// CapacitySpot machines are cheap and may be taken back by the cloud.
	CapacitySpot CapacityType = "spot"
	// CapacityOnDemand machines stay until they are terminated.
	CapacityOnDemand CapacityType = "on-demand"
)

// NodeConstraints narrow the choice of machines.
type NodeConstraints struct {
	// MinCPU is the least number of vCPUs of a machine. Default: 0, no bound.
	// Example: 2.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	MinCPU int32 `json:"minCPU,omitempty"`

	// MaxCPU is the greatest number of vCPUs of a machine. Default: 0, no bound.
	// Example: 16.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	MaxCPU int32 `json:"maxCPU,omitempty"`

	// MinMemory is the least memory of a machine. Default: no bound.
	// Example: 4Gi.
	// +optional
	MinMemory *resource.Quantity `json:"minMemory,omitempty"`

	// MaxMemory is the greatest memory of a machine. Default: no bound.
	// Example: 64Gi.
	// +optional
	MaxMemory *resource.Quantity `json:"maxMemory,omitempty"`

	// CapacityTypes are the ways of paying that are allowed: spot, on-demand.
	// Default: on-demand. Example: ["spot", "on-demand"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=8
	CapacityTypes []CapacityType `json:"capacityTypes,omitempty"`

	// InstanceFamilies, when not empty, are the only families allowed.
	// At most 256. Default: all families.
	// Example: ["m7i", "c7i"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=256
	InstanceFamilies []string `json:"instanceFamilies,omitempty"`

	// ExcludeInstanceFamilies are families that are never bought. At most 256.
	// Default: none.
	// Example: ["t3"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=256
	ExcludeInstanceFamilies []string `json:"excludeInstanceFamilies,omitempty"`
}

// TemplateLimits end the buying of a template when a bound is reached.
type TemplateLimits struct {
	// Edges bounds the number of machines. Default: no bound. Example: 10.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	Edges *int32 `json:"edges,omitempty"`

	// CPU bounds the vCPUs of all machines together. Default: no bound.
	// Example: "64".
	// +optional
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// Memory bounds the memory of all machines together. Default: no bound.
	// Example: 256Gi.
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`

	// HourlyPrice bounds the price of all machines together, in US dollars per
	// hour, as a decimal. Default: no bound. Example: "2.50".
	// +optional
	HourlyPrice string `json:"hourlyPrice,omitempty"`
}

// TemplateDisruption says when machines leave again.
type TemplateDisruption struct {
	// ConsolidateAfter is how long a machine has to be without pods before it
	// is deleted. Default: 30s. Example: 5m.
	// +optional
	ConsolidateAfter *metav1.Duration `json:"consolidateAfter,omitempty"`
}

// NodeTemplateStatus is the observed state of a NodeTemplate.
type NodeTemplateStatus struct {
	// ObservedGeneration is the generation of the spec the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions: Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +k8s:optional
	// +k8s:listType=map
	// +k8s:listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// EdgeLocations are the names of the locations the template resolves to.
	// +optional
	// +listType=set
	EdgeLocations []string `json:"edgeLocations,omitempty"`

	// Edges is the number of machines of this template.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	Edges int32 `json:"edges,omitempty"`

	// HourlyPrice is what the machines of this template cost together, in US
	// dollars per hour, as a decimal. Example: "0.0416".
	// +optional
	HourlyPrice string `json:"hourlyPrice,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodeTemplateList is a list of NodeTemplates.
type NodeTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []NodeTemplate `json:"items"`
}
