// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "strings"

// Filter leaves offerings out that somebody who looks at a list does not want to
// see. Zero values leave out nothing.
type Filter struct {
	// MinVCPU and MaxVCPU bound the number of virtual CPUs.
	MinVCPU, MaxVCPU int64
	// MinMemoryBytes and MaxMemoryBytes bound the memory.
	MinMemoryBytes, MaxMemoryBytes int64
	// MinGPUs bounds the number of GPUs, MinGPUMemoryBytes the memory of each;
	// GPUName is their model, in any case.
	MinGPUs, MinGPUMemoryBytes int64
	GPUName                    string
	// Architecture, Region, Zone and CapacityType as in Offering.
	Architecture, Region, Zone, CapacityType string
	// MaxHourlyPrice bounds the price, in US dollars per hour; nil does not.
	MaxHourlyPrice *float64
}

// Passes says whether the filter lets the offering through.
func (f *Filter) Passes(o *Offering) bool {
	return o.VCPU >= f.MinVCPU && (f.MaxVCPU == 0 || o.VCPU <= f.MaxVCPU) &&
		o.MemoryBytes >= f.MinMemoryBytes && (f.MaxMemoryBytes == 0 || o.MemoryBytes <= f.MaxMemoryBytes) &&
		o.GPUs >= f.MinGPUs && o.GPUMemoryBytes >= f.MinGPUMemoryBytes && (f.GPUName == "" || strings.EqualFold(f.GPUName, o.GPUName)) &&
		(f.MaxHourlyPrice == nil || o.HourlyPrice <= *f.MaxHourlyPrice) &&
		anyOr(f.Architecture, o.Architecture) && anyOr(f.Region, o.Region) &&
		anyOr(f.Zone, o.Zone) && anyOr(f.CapacityType, o.CapacityType)
}

func anyOr(want, is string) bool { return want == "" || want == is }
