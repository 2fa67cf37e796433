// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/registry/table"
)

type column = table.Column[*omni.EdgeLocation]

var columns = table.NewConvertor(
	table.Name[*omni.EdgeLocation](),
	column{
		Name: "Provider", Type: "string",
		Description: "Cloud of the location.",
		Value:       func(l *omni.EdgeLocation) any { return string(l.Spec.Provider) },
	},
	column{
		Name: "Region", Type: "string",
		Description: "The cloud's name of the region.",
		Value:       func(l *omni.EdgeLocation) any { return l.Spec.Region },
	},
	column{
		Name: "Phase", Type: "string",
		Description: "State in a word: Pending (script not run), Incomplete setup (in no node template), In use, Failed or Offboarding.",
		Value:       func(l *omni.EdgeLocation) any { return string(l.Status.Phase) },
	},
	column{
		Name: "Edges", Type: "integer",
		Description: "Number of machines in the location.",
		Value:       func(l *omni.EdgeLocation) any { return int64(l.Status.Edges) },
	},
	column{
		Name: "$/H", Type: "string",
		Description: "Price of the machines of the location together, in US dollars per hour.",
		Value:       func(l *omni.EdgeLocation) any { return l.Status.HourlyPrice },
	},
	table.Age[*omni.EdgeLocation](),
	table.Ready("Whether machines can be bought here now: True, or the reason why not.",
		func(l *omni.EdgeLocation) []metav1.Condition { return l.Status.Conditions }),
	column{
		Name: "Zones", Type: "string", Wide: true,
		Description: "Zones the location is narrowed to; <all> that have a subnet.",
		Value: func(l *omni.EdgeLocation) any {
			if len(l.Spec.Zones) == 0 {
				return "<all>"
			}
			return strings.Join(l.Spec.Zones, ",")
		},
	},
	column{
		Name: "Templates", Type: "string", Wide: true,
		Description: "NodeTemplates that allow the location.",
		Value:       func(l *omni.EdgeLocation) any { return strings.Join(l.Status.NodeTemplates, ",") },
	},
	column{
		Name: "Version", Type: "string", Wide: true,
		Description: "Kubernetes version of the edge cluster.",
		Value:       func(l *omni.EdgeLocation) any { return l.Status.EdgeClusterVersion },
	},
)
