// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package crd makes the rival of omni-apiserver's Edge: a CustomResourceDefinition
// of the same schema, made from the very OpenAPI models that omni-apiserver
// serves, with the same validation, columns, selectable fields and subresource.
package crd

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Group is the API group of the rival: a CRD cannot be in a group that an
// APIService serves.
const Group = "crd." + v1beta1.GroupName

// jsonPaths are the columns of Edges in the language of CRDs. Ours takes the zone
// of the launch before the one asked for; a CRD can do only one of them.
var jsonPaths = map[string]string{
	"Location": ".spec.edgeLocationName",
	"Type":     ".spec.instanceType",
	"Zone":     ".spec.zone",
	"Capacity": ".spec.capacityType",
	"Phase":    ".status.phase",
	"Node":     ".status.nodeName",
	"$/H":      ".status.hourlyPrice",
	"Age":      ".metadata.creationTimestamp",
	"Instance": ".status.instanceID",
	"Template": ".spec.nodeTemplateName",
	"Within-%": ".status.decision.withinPercent",
	"Ready":    `.status.conditions[?(@.type=="Ready")].status`,
}

// Edge returns the definition of edges, JSON, with the columns that omni-apiserver
// prints. It fails when it does not know a column or a field any more.
func Edge(columns []metav1.TableColumnDefinition) ([]byte, error) {
	schema, err := newStructural().model(v1beta1.Edge{}.OpenAPIModelName())
	if err != nil {
		return nil, err
	}
	if err := constrain(schema); err != nil {
		return nil, err
	}
	printed, err := printerColumns(columns)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata":   map[string]any{"name": "edges." + Group},
		"spec": map[string]any{
			"group": Group,
			"scope": "Namespaced",
			"names": map[string]any{"kind": "Edge", "listKind": "EdgeList", "plural": "edges", "singular": "edge"},
			"versions": []any{map[string]any{
				"name": v1beta1.SchemeGroupVersion.Version, "served": true, "storage": true,
				"schema":                   map[string]any{"openAPIV3Schema": schema},
				"subresources":             map[string]any{"status": map[string]any{}},
				"additionalPrinterColumns": printed,
				"selectableFields":         selectableFields(),
			}},
		},
	})
}

// selectableFields are those of package edge of the registry.
func selectableFields() []any {
	var selectable []any
	for _, path := range []string{".spec.edgeLocationName", ".spec.nodeTemplateName", ".status.phase"} {
		selectable = append(selectable, map[string]any{"jsonPath": path})
	}
	return selectable
}

func printerColumns(columns []metav1.TableColumnDefinition) ([]any, error) {
	var printed []any
	for _, column := range columns {
		if column.Format == "name" {
			continue // every CRD has it
		}
		path, ok := jsonPaths[column.Name]
		if !ok {
			return nil, fmt.Errorf("no JSONPath for the column %q of edges: add it to the table in package crd", column.Name)
		}
		kind := column.Type
		if column.Name == "Age" {
			kind = "date"
		}
		printed = append(printed, map[string]any{
			"name": column.Name, "type": kind, "priority": column.Priority,
			"description": column.Description, "jsonPath": path,
		})
	}
	return printed, nil
}
