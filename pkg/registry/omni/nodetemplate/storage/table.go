// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/registry/table"
)

type column = table.Column[*omni.NodeTemplate]

var columns = table.NewConvertor(
	table.Name[*omni.NodeTemplate](),
	column{
		Name: "Edge-Locations", Type: "string",
		Description: "Locations machines may be bought in: their names, <all> of the namespace, or <disabled>.",
		Value:       edgeLocations,
	},
	column{
		Name: "Capacity", Type: "string",
		Description: "Ways of paying that are allowed: spot, on-demand.",
		Value:       capacityTypes,
	},
	column{
		Name: "Min-CPU", Type: "integer",
		Description: "Least number of vCPUs of a machine.",
		Value:       func(t *omni.NodeTemplate) any { return int64(t.Spec.Constraints.MinCPU) },
	},
	column{
		Name: "Edges", Type: "integer",
		Description: "Number of machines of the template.",
		Value:       func(t *omni.NodeTemplate) any { return int64(t.Status.Edges) },
	},
	column{
		Name: "$/H", Type: "string",
		Description: "Price of the machines of the template together, in US dollars per hour.",
		Value:       func(t *omni.NodeTemplate) any { return t.Status.HourlyPrice },
	},
	table.Age[*omni.NodeTemplate](),
	table.Ready("Whether machines of the template can be bought now: True, or the reason why not.",
		func(t *omni.NodeTemplate) []metav1.Condition { return t.Status.Conditions }),
	column{
		Name: "Families", Type: "string", Wide: true,
		Description: "Families of machine types that are allowed: <all>, or their names; an excluded family has a ! before it.",
		Value:       families,
	},
	column{
		Name: "Max-Edges", Type: "string", Wide: true,
		Description: "Bound on the number of machines; <none> if there is no bound.",
		Value: func(t *omni.NodeTemplate) any {
			if t.Spec.Limits.Edges == nil {
				return "<none>"
			}
			return strconv.Itoa(int(*t.Spec.Limits.Edges))
		},
	},
	column{
		Name: "Max-$/H", Type: "string", Wide: true,
		Description: "Bound on the price of the machines together, in US dollars per hour; <none> if there is no bound.",
		Value: func(t *omni.NodeTemplate) any {
			return cmp.Or(t.Spec.Limits.HourlyPrice, "<none>")
		},
	},
	column{
		Name: "Priority", Type: "integer", Wide: true,
		Description: "Machines of a lower priority are bought only for pods that no template of a higher one has a machine for.",
		Value:       func(t *omni.NodeTemplate) any { return int64(t.Spec.Priority) },
	},
	column{
		Name: "Main-Cluster", Type: "string", Wide: true,
		Description: "Region whose prices stand for the main cluster; <disabled> when edges are not compared with it.",
		Value: func(t *omni.NodeTemplate) any {
			if !t.Spec.MainCluster.Enabled {
				return "<disabled>"
			}
			return t.Spec.MainCluster.Region
		},
	},
)

func families(t *omni.NodeTemplate) any {
	names := slices.Clone(t.Spec.Constraints.InstanceFamilies)
	for _, excluded := range t.Spec.Constraints.ExcludeInstanceFamilies {
		names = append(names, "!"+excluded)
	}
	if len(names) == 0 {
		return "<all>"
	}
	return strings.Join(names, ",")
}

func edgeLocations(t *omni.NodeTemplate) any {
	switch locations := t.Spec.EdgeLocations; {
	case !locations.Enabled:
		return "<disabled>"
	case len(locations.Names) == 0:
		return "<all>"
	default:
		return strings.Join(locations.Names, ",")
	}
}

func capacityTypes(t *omni.NodeTemplate) any {
	if len(t.Spec.Constraints.CapacityTypes) == 0 {
		return string(omni.CapacityOnDemand) // the default of the field
	}
	var names []string
	for _, capacityType := range t.Spec.Constraints.CapacityTypes {
		names = append(names, string(capacityType))
	}
	return strings.Join(names, ",")
}

var instanceColumns = table.NewConvertor(
	instanceColumn{
		Name: "Name", Type: "string", Format: "name",
		Description: "The cloud's name of the machine type.",
		Value:       func(i *omni.Instance) any { return i.InstanceType },
	},
	instanceColumn{
		Name: "Location", Type: "string",
		Description: "EdgeLocation the machine would run in; main for the main cluster.",
		Value:       func(i *omni.Instance) any { return i.EdgeLocationName },
	},
	instanceColumn{
		Name: "Zone", Type: "string",
		Description: "Availability zone; <any> while the zones of the location are not known.",
		Value: func(i *omni.Instance) any {
			if i.Zone == "" {
				return "<any>"
			}
			return i.Zone
		},
	},
	instanceColumn{
		Name: "Capacity", Type: "string",
		Description: "How the machine is paid for: spot or on-demand.",
		Value:       func(i *omni.Instance) any { return string(i.CapacityType) },
	},
	instanceColumn{
		Name: "CPU", Type: "string",
		Description: "Number of vCPUs.",
		Value:       func(i *omni.Instance) any { return i.CPU.String() },
	},
	instanceColumn{
		Name: "Memory", Type: "string",
		Description: "Memory of the machine.",
		Value:       func(i *omni.Instance) any { return i.Memory.String() },
	},
	instanceColumn{
		Name: "GPU", Type: "string",
		Description: "Number and model of the GPUs.",
		Value:       gpu,
	},
	instanceColumn{
		Name: "$/H", Type: "string",
		Description: "Price in US dollars per hour.",
		Value:       func(i *omni.Instance) any { return i.HourlyPrice },
	},
	instanceColumn{
		Name: "Source", Type: "string",
		Description: "Where the price is from and how old it is: live 12m, or the day of the snapshot that is part of OMNI.",
		Value:       func(i *omni.Instance) any { return i.PriceSource },
	},
	instanceColumn{
		Name: "GPU-Memory", Type: "string", Wide: true,
		Description: "Memory of one GPU.",
		Value: func(i *omni.Instance) any {
			if i.GPUMemory.IsZero() {
				return ""
			}
			return i.GPUMemory.String()
		},
	},
	instanceColumn{
		Name: "Arch", Type: "string", Wide: true,
		Description: "Architecture, as in the node label kubernetes.io/arch.",
		Value:       func(i *omni.Instance) any { return i.Architecture },
	},
	instanceColumn{
		Name: "Family", Type: "string", Wide: true,
		Description: "The cloud's name of the family of the machine type.",
		Value:       func(i *omni.Instance) any { return i.InstanceFamily },
	},
	instanceColumn{
		Name: "Region", Type: "string", Wide: true,
		Description: "The cloud's name of the region.",
		Value:       func(i *omni.Instance) any { return i.Region },
	},
	instanceColumn{
		Name: "$/CPU-H", Type: "string", Wide: true,
		Description: "Price of one vCPU in US dollars per hour.",
		Value: func(i *omni.Instance) any {
			return catalog.FormatPrice(catalog.ParsePrice(i.HourlyPrice) / i.CPU.AsApproximateFloat64())
		},
	},
)

type instanceColumn = table.Column[*omni.Instance]

func gpu(i *omni.Instance) any {
	if i.GPUs == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", i.GPUs, i.GPUName))
}
