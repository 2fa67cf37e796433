// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/registry/table"
)

type column = table.Column[*omni.Edge]

var columns = table.NewConvertor(
	table.Name[*omni.Edge](),
	column{
		Name: "Location", Type: "string",
		Description: "EdgeLocation of the same namespace the machine runs in.",
		Value:       func(e *omni.Edge) any { return e.Spec.EdgeLocationName },
	},
	column{
		Name: "Type", Type: "string",
		Description: "The cloud's name of the machine type.",
		Value:       func(e *omni.Edge) any { return e.Spec.InstanceType },
	},
	column{
		Name: "Zone", Type: "string",
		Description: "Availability zone: the one of the launch, before that the one asked for.",
		Value: func(e *omni.Edge) any {
			if e.Status.Launch != nil && e.Status.Launch.Zone != "" {
				return e.Status.Launch.Zone
			}
			return e.Spec.Zone
		},
	},
	column{
		Name: "Capacity", Type: "string",
		Description: "How the machine is paid for: spot or on-demand.",
		Value:       func(e *omni.Edge) any { return string(e.Spec.CapacityType) },
	},
	column{
		Name: "Phase", Type: "string",
		Description: "State in one word: Pending, Launching, Launched, Registered, Ready, Draining or Terminating.",
		Value:       func(e *omni.Edge) any { return string(e.Status.Phase) },
	},
	column{
		Name: "Node", Type: "string",
		Description: "Name of the Node in the main cluster.",
		Value:       func(e *omni.Edge) any { return e.Status.NodeName },
	},
	column{
		Name: "$/H", Type: "string",
		Description: "Price at the time of the decision, in US dollars per hour.",
		Value:       func(e *omni.Edge) any { return e.Status.HourlyPrice },
	},
	table.Age[*omni.Edge](),
	table.Ready("Whether pods can run on the Node now: True, or the reason why not.",
		func(e *omni.Edge) []metav1.Condition { return e.Status.Conditions }),
	column{
		Name: "Instance", Type: "string", Wide: true,
		Description: "The cloud's identifier of the machine.",
		Value:       func(e *omni.Edge) any { return e.Status.InstanceID },
	},
	column{
		Name: "Template", Type: "string", Wide: true,
		Description: "NodeTemplate that allowed the purchase; empty for an Edge made by hand.",
		Value:       func(e *omni.Edge) any { return e.Spec.NodeTemplateName },
	},
	column{
		Name: "Within-%", Type: "string", Wide: true,
		Description: "How far the decision is above the lower bound of what is possible, in per cent; empty for an Edge made by hand.",
		Value: func(e *omni.Edge) any {
			if e.Status.Decision == nil {
				return ""
			}
			return e.Status.Decision.WithinPercent
		},
	},
)
