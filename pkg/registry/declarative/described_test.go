// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package declarative

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// TestSpecsAreDescribed: of every field that a user writes, kubectl explain says
// what it is left out for, and every value has an example.
func TestSpecsAreDescribed(t *testing.T) {
	for _, version := range []string{"v1alpha1", "v1beta1"} {
		for _, kind := range []string{"EdgeLocation", "NodeTemplate", "Edge"} {
			t.Run(version+"."+kind, func(t *testing.T) {
				testDescribed(t, "spec", definitions()[modelPrefix+version+"."+kind+"Spec"].Schema)
			})
		}
	}
}

func testDescribed(t *testing.T, path string, object spec.Schema) {
	for _, name := range slices.Sorted(maps.Keys(object.Properties)) {
		property, at := object.Properties[name], path+"."+name
		if property.Description == "" {
			t.Errorf("%s has no description", at)
		}
		if !slices.Contains(object.Required, name) && !strings.Contains(property.Description, "Default: ") {
			t.Errorf("%s does not say its default: %s", at, property.Description)
		}
		// Other groups describe their types themselves.
		if model := reference(property); strings.HasPrefix(model, modelPrefix) {
			testDescribed(t, at, definitions()[model].Schema)
			continue
		}
		if !strings.Contains(property.Description, "Example: ") {
			t.Errorf("%s has no example: %s", at, property.Description)
		}
	}
}

// reference is the name of the model of a field that is an object.
func reference(property spec.Schema) string {
	if len(property.AllOf) == 1 {
		return property.AllOf[0].Ref.String()
	}
	return property.Ref.String()
}
