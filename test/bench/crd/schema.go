// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package crd

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/castai/omni/pkg/generated/openapi"
)

// quantity is the schema controller-gen writes for resource.Quantity.
var quantity = map[string]any{
	"anyOf":                      []any{map[string]any{"type": "integer"}, map[string]any{"type": "string"}},
	"pattern":                    `^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
	"x-kubernetes-int-or-string": true,
}

// structural turns the OpenAPI model into a structural schema: no references, and
// nothing that only means the zero value of a Go type.
type structural struct {
	definitions map[string]common.OpenAPIDefinition
}

func newStructural() structural {
	return structural{openapi.GetOpenAPIDefinitions(spec.MustCreateRef)}
}

// model returns the schema of a named model.
func (s structural) model(name string) (map[string]any, error) {
	if name == (resource.Quantity{}).OpenAPIModelName() {
		return quantity, nil
	}
	definition, ok := s.definitions[name]
	if !ok {
		return nil, fmt.Errorf("the OpenAPI schema has no model %s", name)
	}
	data, err := json.Marshal(definition.Schema)
	if err != nil {
		return nil, err
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, err
	}
	return s.inline(schema)
}

// inline replaces references by what they refer to, at every depth.
func (s structural) inline(schema map[string]any) (map[string]any, error) {
	if all, ok := schema["allOf"].([]any); ok && len(all) == 1 { // a reference with siblings, in OpenAPI v3
		delete(schema, "allOf")
		schema["$ref"] = all[0].(map[string]any)["$ref"]
	}
	if name, ok := schema["$ref"].(string); ok {
		name = name[strings.LastIndex(name, "/")+1:]
		if name == (metav1.ObjectMeta{}).OpenAPIModelName() {
			return map[string]any{"type": "object"}, nil // a CRD may say no more of it
		}
		model, err := s.model(name)
		if err != nil {
			return nil, err
		}
		merged := maps.Clone(model)
		if description, ok := schema["description"]; ok {
			merged["description"] = description
		}
		return merged, nil
	}
	if value, ok := schema["default"]; ok && isZero(value) {
		delete(schema, "default")
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if err := s.inlineAt(schema, key); err != nil {
			return nil, err
		}
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for key := range properties {
			if err := s.inlineAt(properties, key); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return schema, nil
}

func (s structural) inlineAt(parent map[string]any, key string) error {
	child, ok := parent[key].(map[string]any)
	if !ok {
		return nil
	}
	inlined, err := s.inline(child)
	parent[key] = inlined
	return err
}

// isZero: kube-openapi gives fields without omitempty the zero value of their
// type as default.
func isZero(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case float64:
		return v == 0
	case map[string]any:
		return len(v) == 0
	}
	return value == nil
}
