// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kube-openapi/pkg/spec3"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// TestPrintedColumns: what kubectl prints and explains, through the aggregator.
func TestPrintedColumns(t *testing.T) {
	newLocation(t, "columns")
	newUnlaunchedEdge(t, "missing")
	templates := lab.teamA.OmniV1beta1().NodeTemplates(teamA)
	template := &v1beta1.NodeTemplate{ObjectMeta: metav1.ObjectMeta{Name: "columns"}}
	if _, err := templates.Create(t.Context(), template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := templates.Delete(context.Background(), "columns", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	for format, want := range map[string][]string{
		"": {
			"NAMESPACE NAME PROVIDER REGION PHASE EDGES $/H AGE",
			"NAMESPACE NAME EDGE-LOCATIONS CAPACITY MIN-CPU EDGES $/H AGE",
			"NAMESPACE NAME LOCATION TYPE ZONE CAPACITY PHASE NODE $/H AGE",
		},
		"wide": {
			"NAMESPACE NAME PROVIDER REGION PHASE EDGES $/H AGE READY ZONES TEMPLATES VERSION",
			"NAMESPACE NAME EDGE-LOCATIONS CAPACITY MIN-CPU EDGES $/H AGE READY FAMILIES MAX-EDGES MAX-$/H PRIORITY MAIN-CLUSTER",
			"NAMESPACE NAME LOCATION TYPE ZONE CAPACITY PHASE NODE $/H AGE READY INSTANCE TEMPLATE WITHIN-%",
		},
	} {
		var headers []string
		for line := range strings.Lines(kubectl(t, "get", "edgelocations,nodetemplates,edges", "--all-namespaces", "--output", format)) {
			if strings.HasPrefix(line, "NAMESPACE") {
				headers = append(headers, strings.Join(strings.Fields(line), " "))
			}
		}
		if !slices.Equal(headers, want) {
			t.Errorf("the columns of --output=%q are %q, want %q", format, headers, want)
		}
	}
	for shortName, field := range map[string]string{"el": "kubeconfigSecretRef", "nt": "consolidateAfter", "edge": "edgeLocationName"} {
		if out := kubectl(t, "explain", shortName+".spec", "--recursive"); !strings.Contains(out, field) {
			t.Errorf("kubectl explain %s.spec has no field %s:\n%s", shortName, field, out)
		}
	}
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := lab.shell(t.Context(), "admin", "kubectl", args...).Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// TestEveryFieldIsDescribed walks the OpenAPI that kubectl explain reads.
func TestEveryFieldIsDescribed(t *testing.T) {
	answer, err := lab.teamA.OmniV1beta1().RESTClient().Get().
		RequestURI("/openapi/v3/apis/" + v1beta1.SchemeGroupVersion.String()).Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	var document spec3.OpenAPI
	if err := json.Unmarshal(answer, &document); err != nil {
		t.Fatal(err)
	}
	described := map[string]int{}
	for name, schema := range document.Components.Schemas {
		_, kind, ours := strings.Cut(name, "omni.v1beta1.")
		if !ours {
			continue
		}
		if schema.Description == "" {
			t.Errorf("%s has no description", kind)
		}
		for field, property := range schema.Properties {
			if property.Description == "" {
				t.Errorf("%s.%s has no description", kind, field)
			}
			described[kind]++
		}
	}
	for _, kind := range []string{"EdgeLocationSpec", "EdgeLocationStatus", "NodeTemplateSpec", "NodeTemplateStatus", "EdgeSpec", "EdgeStatus"} {
		if described[kind] == 0 {
			t.Errorf("%s is not among the schemas: %q", kind, slices.Sorted(maps.Keys(described)))
		}
	}
}
