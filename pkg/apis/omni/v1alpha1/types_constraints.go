// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

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

// Architecture of a machine, as in the node label kubernetes.io/arch.
// +k8s:enum
type Architecture string

// The architectures.
const (
	// ArchitectureAMD64 is x86-64.
	ArchitectureAMD64 Architecture = "amd64"
	// ArchitectureARM64 is 64-bit Arm.
	ArchitectureARM64 Architecture = "arm64"
)

// BurstablePolicy says what becomes of burstable machines.
// +k8s:enum
type BurstablePolicy string

// The policies on burstable machines.
const (
	// BurstableAllowed buys them like any other machine.
	BurstableAllowed BurstablePolicy = "Allowed"
	// BurstableExcluded never buys them.
	BurstableExcluded BurstablePolicy = "Excluded"
)

// GPUConstraints narrow the choice to machines with GPUs.
type GPUConstraints struct {
	// Names are the models that are allowed, in upper or lower case. At most 64.
	// Default: all. Example: ["L4", "A10G"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=64
	Names []string `json:"names,omitempty"`

	// MinCount is the least number of GPUs of a machine. Default: 0, which is 1.
	// Example: 1.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	MinCount int32 `json:"minCount,omitempty"`

	// MaxCount is the greatest number of GPUs of a machine. Default: 0, no bound.
	// Example: 4.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	MaxCount int32 `json:"maxCount,omitempty"`

	// MinMemory is the least memory of one GPU. Default: no bound. Example: 24Gi.
	// +optional
	MinMemory *resource.Quantity `json:"minMemory,omitempty"`
}

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

	// CapacityTypes are the ways of paying that are allowed: spot, on-demand. Of
	// several the cheapest is bought; one that a cloud has run out of is left alone
	// for a while, so that ["spot", "on-demand"] falls back to on-demand.
	// Default: on-demand. Example: ["spot", "on-demand"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=8
	CapacityTypes []CapacityType `json:"capacityTypes,omitempty"`

	// Architectures are those of the machines: amd64, arm64. With more than one,
	// the images of the pods have to exist for all of them.
	// Default: amd64. Example: ["amd64", "arm64"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=8
	Architectures []Architecture `json:"architectures,omitempty"`

	// Burstable says whether machines may be bought whose CPUs are theirs only for
	// bursts: AWS t3, GCP e2-medium. Default: Allowed. Example: Excluded.
	// +optional
	// +k8s:optional
	Burstable BurstablePolicy `json:"burstable,omitempty"`

	// GPU narrows the choice to machines with GPUs, which are NVIDIA's.
	// Default: none, machines with and without.
	// +optional
	// +k8s:optional
	GPU *GPUConstraints `json:"gpu,omitempty"`

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
