// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodeTemplate says which machines may be bought, where, and how much of them.
// Pods of every namespace labelled omni.cast.ai/enable-scheduling=true may cause
// a purchase.
type NodeTemplate struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec   NodeTemplateSpec
	Status NodeTemplateStatus
}

// NodeTemplateSpec is the desired state of a NodeTemplate.
type NodeTemplateSpec struct {
	EdgeLocations TemplateEdgeLocations
	MainCluster   TemplateMainCluster
	Priority      int32
	Constraints   NodeConstraints
	Labels        map[string]string
	Taints        []corev1.Taint
	Limits        TemplateLimits
	Disruption    TemplateDisruption
}

// TemplateEdgeLocations says in which locations machines may be bought.
type TemplateEdgeLocations struct {
	Enabled          bool
	Names            []string
	PriceAdjustments []PriceAdjustment
}

// PriceAdjustment makes an edge location dearer or cheaper.
type PriceAdjustment struct {
	Name    string
	Percent int32
}

// TemplateMainCluster says which region's prices stand for the main cluster.
type TemplateMainCluster struct {
	Enabled  bool
	Provider CloudProvider
	Region   string
	Zones    []string
}

// CapacityType says how a machine is paid for.
type CapacityType string

// The capacity types.
const (
	// CapacitySpot machines are cheap and may be taken back by the cloud.
	CapacitySpot CapacityType = "spot"
	// CapacityOnDemand machines stay until they are terminated.
	CapacityOnDemand CapacityType = "on-demand"
)

// Architecture of a machine, as in the node label kubernetes.io/arch.
type Architecture string

// The architectures.
const (
	// ArchitectureAMD64 is x86-64.
	ArchitectureAMD64 Architecture = "amd64"
	// ArchitectureARM64 is 64-bit Arm.
	ArchitectureARM64 Architecture = "arm64"
)

// BurstablePolicy says what becomes of burstable machines.
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
	Names     []string
	MinCount  int32
	MaxCount  int32
	MinMemory *resource.Quantity
}

// NodeConstraints narrow the choice of machines.
type NodeConstraints struct {
	MinCPU                  int32
	MaxCPU                  int32
	MinMemory               *resource.Quantity
	MaxMemory               *resource.Quantity
	CapacityTypes           []CapacityType
	Architectures           []Architecture
	Burstable               BurstablePolicy
	GPU                     *GPUConstraints
	InstanceFamilies        []string
	ExcludeInstanceFamilies []string
}

// TemplateLimits end the buying of a template when a bound is reached.
type TemplateLimits struct {
	Edges       *int32
	CPU         *resource.Quantity
	Memory      *resource.Quantity
	GPU         *int32
	HourlyPrice string
}

// TemplateDisruption says when machines leave again.
type TemplateDisruption struct {
	ConsolidateAfter *metav1.Duration
}

// NodeTemplateStatus is the observed state of a NodeTemplate.
type NodeTemplateStatus struct {
	ObservedGeneration int64
	Conditions         []metav1.Condition
	EdgeLocations      []string
	Edges              int32
	HourlyPrice        string
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// NodeTemplateList is a list of NodeTemplates.
type NodeTemplateList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []NodeTemplate
}
