// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MainCluster is the name of the main cluster where that of a location is expected:
// no EdgeLocation can have it.
const MainCluster = "main"

// Instance is one machine type that a node template could buy, or that the main
// cluster's autoscaler could: a type in a zone of a location at a price. It is
// computed from the catalog and never stored.
type Instance struct {
	// Standard object's metadata; only the name is set.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// InstanceType is the cloud's name of the machine type. Example: m7i.large.
	InstanceType string `json:"instanceType"`
	// InstanceFamily is the cloud's name of the family of the machine type.
	// Example: m7i.
	// +optional
	InstanceFamily string `json:"instanceFamily,omitempty"`
	// EdgeLocationName is the location it would run in: the name of an
	// EdgeLocation, or main for the main cluster. Example: aws-oregon.
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
	// GPUMemory is the memory of one GPU. Default: 0, no GPU. Example: 16Gi.
	// +optional
	GPUMemory resource.Quantity `json:"gpuMemory,omitzero"`
	// HourlyPrice in US dollars per hour, as a decimal. Example: "0.0892".
	HourlyPrice string `json:"hourlyPrice"`
	// PriceSource says where the price is from and how old it is: live and its age,
	// or the day of the snapshot that is part of OMNI, and whether it is an estimate.
	// Example: live 12m.
	PriceSource string `json:"priceSource"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InstanceList answers nodetemplates/instances in the order asked for. With a limit
// metadata.continue leads to the next page and metadata.remainingItemCount says how
// many items follow; without, both are absent.
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

// InstanceOptions are the query parameters of nodetemplates/instances. Filters are
// combined: an instance has to pass them all.
type InstanceOptions struct {
	metav1.TypeMeta `json:",inline"`

	// MinCPU leaves out machines with fewer vCPUs. Default: 0.
	// +optional
	MinCPU int64 `json:"minCPU,omitempty"`
	// MaxCPU leaves out machines with more vCPUs. Default: 0, no bound.
	// +optional
	MaxCPU int64 `json:"maxCPU,omitempty"`
	// MinMemory leaves out machines with less memory. Example: 16Gi.
	// +optional
	MinMemory string `json:"minMemory,omitempty"`
	// MaxMemory leaves out machines with more memory. Example: 64Gi.
	// +optional
	MaxMemory string `json:"maxMemory,omitempty"`
	// MinGPUs leaves out machines with fewer GPUs. Default: 0.
	// +optional
	MinGPUs int64 `json:"minGPUs,omitempty"`
	// GPUName leaves out machines without GPUs of this model, in upper or lower
	// case. Example: T4.
	// +optional
	GPUName string `json:"gpuName,omitempty"`
	// MinGPUMemory leaves out machines whose GPUs have less memory each, and those
	// without GPUs. Example: 24Gi.
	// +optional
	MinGPUMemory string `json:"minGPUMemory,omitempty"`
	// Architecture leaves out other architectures: amd64 or arm64.
	// +optional
	Architecture string `json:"architecture,omitempty"`
	// Region leaves out other regions. Example: us-west-2.
	// +optional
	Region string `json:"region,omitempty"`
	// EdgeLocation leaves out all but the EdgeLocation of this name, or main: the
	// main cluster.
	// +optional
	EdgeLocation string `json:"edgeLocation,omitempty"`
	// Zone leaves out other availability zones. Example: us-west-2a.
	// +optional
	Zone string `json:"zone,omitempty"`
	// CapacityType leaves out the other one of spot and on-demand.
	// +optional
	CapacityType string `json:"capacityType,omitempty"`
	// MaxPrice leaves out machines that cost more US dollars per hour, a decimal.
	// Example: 0.50.
	// +optional
	MaxPrice string `json:"maxPrice,omitempty"`
	// SortBy orders the list: by price, cpu, memory, name or price-per-cpu, with a
	// - in front from the highest to the lowest. Instances that are equal in it
	// are ordered by name. Default: price.
	// +optional
	SortBy string `json:"sortBy,omitempty"`
	// Limit bounds the number of items of one answer. Default: 0, all.
	// +optional
	Limit int64 `json:"limit,omitempty"`
	// Continue is metadata.continue of the page before. It holds for the same
	// filters and order; the limit may differ. 410 Expired says that the list has
	// changed since the first page: start again without it, or go on with the
	// token in metadata.continue of that answer.
	// +optional
	Continue string `json:"continue,omitempty"`
}
