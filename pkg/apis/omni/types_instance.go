// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

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
	metav1.ObjectMeta
	InstanceType     string
	InstanceFamily   string
	EdgeLocationName string
	Region           string
	Zone             string
	Architecture     string
	CapacityType     CapacityType
	CPU              resource.Quantity
	Memory           resource.Quantity
	GPUs             int32
	GPUName          string
	GPUMemory        resource.Quantity
	HourlyPrice      string
	PriceSource      string
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InstanceList answers nodetemplates/instances in the order asked for.
type InstanceList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []Instance
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// InstanceOptions are the query parameters of nodetemplates/instances.
type InstanceOptions struct {
	metav1.TypeMeta
	MinCPU       int64
	MaxCPU       int64
	MinMemory    string
	MaxMemory    string
	MinGPUs      int64
	GPUName      string
	MinGPUMemory string
	Architecture string
	Region       string
	EdgeLocation string
	Zone         string
	CapacityType string
	MaxPrice     string
	SortBy       string
	Limit        int64
	Continue     string
}
