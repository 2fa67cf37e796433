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

	// MainCluster lets the machines of the main cluster be weighed against those
	// of the edge locations. Default: disabled, edges only.
	// +optional
	MainCluster TemplateMainCluster `json:"mainCluster,omitempty"`

	// Priority orders the templates: machines of a lower priority are bought only
	// for pods that no template of a higher one has a machine for, whatever they
	// cost. Default: 0. Example: 10.
	// +optional
	// +k8s:optional
	// +k8s:minimum=-1000
	// +k8s:maximum=1000
	Priority int32 `json:"priority,omitempty"`

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

	// PriceAdjustments make a location dearer or cheaper than its prices say, when
	// machines are compared: for egress, commitments or latency. Bills, columns
	// and limits go on with the real prices. At most 256. Default: none.
	// Example: [{"name": "aws-oregon", "percent": -10}].
	// +optional
	// +listType=map
	// +listMapKey=name
	// +k8s:optional
	// +k8s:listType=map
	// +k8s:listMapKey=name
	// +k8s:maxItems=256
	PriceAdjustments []PriceAdjustment `json:"priceAdjustments,omitempty"`
}

// PriceAdjustment makes an edge location dearer or cheaper.
type PriceAdjustment struct {
	// Name of the EdgeLocation. Example: aws-oregon.
	// +k8s:required
	// +k8s:format=k8s-long-name
	Name string `json:"name"`

	// Percent is added to the price, below zero: taken off. -100 makes a location
	// free. Default: 0. Example: -10.
	// +optional
	// +k8s:optional
	// +k8s:minimum=-100
	// +k8s:maximum=1000
	Percent int32 `json:"percent,omitempty"`
}

// TemplateMainCluster says which region's prices stand for the main cluster.
// OMNI buys nothing there: pods that are cheaper to run in the main cluster are
// left to the autoscaler of the main cluster, and told so by an Event.
type TemplateMainCluster struct {
	// Enabled compares edges with machines of the main cluster. The main cluster
	// needs an autoscaler that buys them. Default: false. Example: true.
	// +optional
	Enabled bool `json:"enabled,omitempty"`

	// Provider is the cloud of the main cluster: AWS, GCP or OCI. Required when
	// enabled. Default: none. Example: AWS.
	// +optional
	// +k8s:optional
	Provider CloudProvider `json:"provider,omitempty"`

	// Region is the cloud's own name of the region. Required when enabled.
	// Default: none. Example: eu-central-1.
	// +optional
	Region string `json:"region,omitempty"`

	// Zones are those the main cluster has machines in. At most 32.
	// Default: the zones of the Nodes it has in the region.
	// Example: ["eu-central-1a", "eu-central-1b"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=32
	Zones []string `json:"zones,omitempty"`
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

	// GPU bounds the GPUs of all machines together. Default: no bound. Example: 8.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	GPU *int32 `json:"gpu,omitempty"`

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
