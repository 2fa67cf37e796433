// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package crd

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The API server refuses references; a zero default would be written into objects.
func TestEdgeIsStructural(t *testing.T) {
	definition, err := Edge([]metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"}, {Name: "Phase", Type: "string", Description: "State."},
		{Name: "Instance", Type: "string", Priority: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(definition)
	for _, forbidden := range []string{`"$ref"`, `"allOf"`, `"default":""`, `"default":{}`, `.metadata.name"`} {
		if strings.Contains(text, forbidden) {
			t.Errorf("%s is in %s", forbidden, text)
		}
	}
	for _, required := range []string{
		`"default":"on-demand"`, `"x-kubernetes-list-map-keys":["type"]`, `"x-kubernetes-int-or-string":true`,
		`"jsonPath":".status.instanceID","name":"Instance","priority":1`, `"rule":"self == oldSelf"`,
	} {
		if !strings.Contains(text, required) {
			t.Errorf("%s is not in %s", required, text)
		}
	}
}

func TestEdgeOfAnUnknownColumn(t *testing.T) {
	_, err := Edge([]metav1.TableColumnDefinition{{Name: "Mood", Type: "string"}})
	if err == nil || !strings.Contains(err.Error(), `"Mood"`) {
		t.Errorf("error %v, want one that names the column", err)
	}
}

func TestFind(t *testing.T) {
	schema, err := newStructural().model("ai.cast.omni.v1beta1.Edge")
	if err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]string{"": "object", "spec.taints[].key": "string", "spec.labels{}": "string", "status.launch.attempt": "integer"} {
		node, err := find(schema, path)
		if err != nil || node["type"] != kind {
			t.Errorf("%s: %v, %v; want a %s", path, node, err, kind)
		}
	}
	if _, err := find(schema, "spec.gone"); err == nil {
		t.Error("a path that is not there is no error")
	}
}
