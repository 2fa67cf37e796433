// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which machines the clouds offer, where, and at what
// price. It is pure: no client, no clock. What it knows today is a dated snapshot
// of public list prices, embedded in the binary.
package catalog

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Offering is one machine type that can be bought in a region, in one zone or,
// when Zone is empty, in every zone of it, paid for in one way.
type Offering struct {
	// Provider is the cloud as in EdgeLocation.spec.provider, for example AWS.
	Provider string
	// Region is the cloud's name of the region.
	Region string
	// Zone is the availability zone; empty: the price holds in every zone.
	Zone string
	// InstanceType is the cloud's name of the machine type, Family its part
	// before the dot.
	InstanceType, Family string
	// Architecture as in the label kubernetes.io/arch.
	Architecture string
	// CapacityType is spot or on-demand.
	CapacityType string
	// VCPU is the number of virtual CPUs; MemoryBytes the memory in bytes.
	VCPU, MemoryBytes int64
	// GPUs is the number of GPUs, GPUName their model.
	GPUs    int64
	GPUName string
	// Allocatable is what pods can use, an estimate before the machine is there.
	Allocatable corev1.ResourceList
	// HourlyPrice in US dollars per hour.
	HourlyPrice float64
}

// Catalog is a set of offerings with the day it is of.
type Catalog struct {
	source    string
	offerings map[regionKey][]Offering
}

type regionKey struct{ provider, region string }

// Source says where the figures are from, for people: "snapshot 2026-07-20".
func (c *Catalog) Source() string { return c.source }

// Offerings returns the offerings of a region, cheapest first; nil when the
// catalog does not know the region. The caller must not change them.
func (c *Catalog) Offerings(provider, region string) []Offering {
	return c.offerings[regionKey{provider, region}]
}

// maxPods is the kubelet's default --max-pods.
const maxPods = 110

// Allocatable estimates what pods can use of a machine. The terms are those of
// the Amazon EKS machine images: 6 % of the first core, 1 % of the second, 0.5 %
// of the next two and 0.25 % of the rest, 255 MiB + 11 MiB a pod, 100 MiB hard
// eviction; and 7.5 % of the memory for the hypervisor, which is Karpenter's
// default vmMemoryOverheadPercent.
func Allocatable(vcpu, memoryBytes, gpus int64) corev1.ResourceList {
	reservedMilli := int64(0)
	for core := range vcpu {
		switch {
		case core == 0:
			reservedMilli += 600
		case core == 1:
			reservedMilli += 100
		case core < 4:
			reservedMilli += 50
		default:
			reservedMilli += 25
		}
	}
	reservedMilli /= 10 // the terms above are tenths of a millicore
	const mebibyte = 1 << 20
	memory := memoryBytes*925/1000 - (255+11*maxPods+100)*mebibyte
	list := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(vcpu*1000-reservedMilli, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(max(memory, 0), resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(maxPods, resource.DecimalSI),
	}
	if gpus > 0 {
		list["nvidia.com/gpu"] = *resource.NewQuantity(gpus, resource.DecimalSI)
	}
	return list
}
