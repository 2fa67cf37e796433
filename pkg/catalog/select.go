// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Select is the one home of a node template's constraints: it returns the
// offerings the template allows, one for every zone, in the order given.
// Offerings without a zone are spread over zones. Edges are amd64 machines: their
// images and what runs on them are.
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
	capacityTypes := c.CapacityTypes
	if len(capacityTypes) == 0 {
		capacityTypes = []v1beta1.CapacityType{v1beta1.CapacityOnDemand}
	}
	switch {
	case o.Architecture != "amd64",
		!slices.Contains(capacityTypes, v1beta1.CapacityType(o.CapacityType)),
		o.VCPU < int64(c.MinCPU),
		c.MaxCPU > 0 && o.VCPU > int64(c.MaxCPU),
		c.MinMemory != nil && o.MemoryBytes < c.MinMemory.Value(),
		c.MaxMemory != nil && o.MemoryBytes > c.MaxMemory.Value(),
		len(c.InstanceFamilies) > 0 && !slices.Contains(c.InstanceFamilies, o.Family),
		slices.Contains(c.ExcludeInstanceFamilies, o.Family):
		return false
	}
	return true
}
