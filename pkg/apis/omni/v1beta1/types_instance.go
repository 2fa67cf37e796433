// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Instance is one machine type that a node template could buy: a type in a zone
// of a location at a price. It is computed from the catalog and never stored.
type Instance struct {
	// Standard object's metadata; only the name is set.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// InstanceType is the cloud's name of the machine type. Example: m7i.large.
	InstanceType string `json:"instanceType"`
	// EdgeLocationName is the location it would run in.
	EdgeLocationName string `json:"edgeLocationName"`
	// Region is the cloud's name of the region. Example: us-west-2.
	Region string `json:"region"`
	// Zone is the availability zone. Example: us-west-2a.
	Zone string `json:"zone"`
	// Architecture as in the node label kubernetes.io/arch. Example: amd64.
	Architecture string `json:"architecture"`
	// CapacityType is spot or on-demand.
	CapacityType CapacityType `json:"capacityType"`
	// CPU is the number of vCPUs.
	CPU resource.Quantity `json:"cpu"`
	// Memory of the machine.
	Memory resource.Quantity `json:"memory"`
	// GPUs is the number of GPUs.
	// +optional
	GPUs int32 `json:"gpus,omitempty"`
	// GPUName is the GPU's model. Example: T4.
	// +optional
	GPUName string `json:"gpuName,omitempty"`
	// HourlyPrice in US dollars per hour, as a decimal. Example: "0.0892".
	HourlyPrice string `json:"hourlyPrice"`
	// PriceSource says where the price is from and of which day.
	// Example: snapshot 2026-08-03.
	PriceSource string `json:"priceSource"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InstanceList answers nodetemplates/instances, cheapest first.
type InstanceList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []Instance `json:"items"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// InstanceOptions are the query parameters of nodetemplates/instances.
type InstanceOptions struct {
	metav1.TypeMeta `json:",inline"`

	// MinCPU leaves out machines with fewer vCPUs.
	// +optional
	MinCPU int64 `json:"minCPU,omitempty"`
	// MinGPUs leaves out machines with fewer GPUs.
	// +optional
	MinGPUs int64 `json:"minGPUs,omitempty"`
	// Region leaves out other regions.
	// +optional
	Region string `json:"region,omitempty"`
	// CapacityType leaves out the other capacity type.
	// +optional
	CapacityType string `json:"capacityType,omitempty"`
	// MaxPrice leaves out machines that cost more US dollars per hour.
	// +optional
	MaxPrice string `json:"maxPrice,omitempty"`
	// Limit bounds the number of items; 0 means all.
	// +optional
	Limit int64 `json:"limit,omitempty"`
}
