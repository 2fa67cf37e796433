// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"strings"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Select is the one home of a node template's constraints: it returns the
// offerings the template allows, one for every zone, in the order given.
// Offerings without a zone are spread over zones.
func Select(offerings []Offering, template *v1beta1.NodeTemplateSpec, zones []string) []Offering {
	var selected []Offering
	for _, o := range offerings {
		if !allowed(&o, &template.Constraints) {
			continue
		}
		if o.Zone != "" {
			if slices.Contains(zones, o.Zone) {
				selected = append(selected, o)
			}
			continue
		}
		for _, zone := range zones {
			o.Zone = zone
			selected = append(selected, o)
		}
	}
	return selected
}

func allowed(o *Offering, c *v1beta1.NodeConstraints) bool {
	switch {
	case !contains(c.Architectures, v1beta1.Architecture(o.Architecture), v1beta1.ArchitectureAMD64),
		!contains(c.CapacityTypes, v1beta1.CapacityType(o.CapacityType), v1beta1.CapacityOnDemand),
		c.Burstable == v1beta1.BurstableExcluded && o.Burstable(),
		o.VCPU < int64(c.MinCPU),
		c.MaxCPU > 0 && o.VCPU > int64(c.MaxCPU),
		c.MinMemory != nil && o.MemoryBytes < c.MinMemory.Value(),
		c.MaxMemory != nil && o.MemoryBytes > c.MaxMemory.Value(),
		c.GPU != nil && !allowedGPU(o, c.GPU),
		len(c.InstanceFamilies) > 0 && !slices.Contains(c.InstanceFamilies, o.Family),
		slices.Contains(c.ExcludeInstanceFamilies, o.Family):
		return false
	}
	return true
}

func allowedGPU(o *Offering, c *v1beta1.GPUConstraints) bool {
	named := func(name string) bool { return strings.EqualFold(name, o.GPUName) }
	switch {
	case o.GPUs < max(1, int64(c.MinCount)),
		c.MaxCount > 0 && o.GPUs > int64(c.MaxCount),
		c.MinMemory != nil && o.GPUMemoryBytes < c.MinMemory.Value(),
		len(c.Names) > 0 && !slices.ContainsFunc(c.Names, named):
		return false
	}
	return true
}

// contains says whether the value is in the list, or is the default of an empty one.
func contains[T comparable](list []T, value, byDefault T) bool {
	if len(list) == 0 {
		return value == byDefault
	}
	return slices.Contains(list, value)
}
