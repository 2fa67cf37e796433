// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const acceptTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// table gets a path as kubectl does and returns headers (wide ones in
// parentheses) and rows.
func table(t *testing.T, s *testServer, path string) (headers string, rows []string) {
	t.Helper()
	answer := s.do("viewer", http.MethodGet, path, map[string]string{"Accept": acceptTable}, nil)
	if answer.code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, answer.code, answer.body)
	}
	var got metav1.Table
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, column := range got.ColumnDefinitions {
		if column.Description == "" {
			t.Errorf("column %s has no description", column.Name)
		}
		name := strings.ToUpper(column.Name)
		if column.Priority > 0 {
			name = "(" + name + ")"
		}
		names = append(names, name)
	}
	for _, row := range got.Rows {
		var cells []string
		for _, cell := range row.Cells {
			cells = append(cells, fmt.Sprint(cell))
		}
		var object metav1.PartialObjectMetadata
		if err := json.Unmarshal(row.Object.Raw, &object); err != nil || object.Name == "" {
			t.Errorf("row %v has no object metadata: %v", cells, err)
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return strings.Join(names, " "), rows
}

func testTables(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1beta1()
	location := newLocation("table")
	location.Spec.Zones = []string{"us-west-2a", "us-west-2b"}
	location, err := client.EdgeLocations(namespace).Create(ctx, location, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	location.Status = v1beta1.EdgeLocationStatus{
		Phase: v1beta1.EdgeLocationInUse, Edges: 2, HourlyPrice: "0.2016", NodeTemplates: []string{"batch", "gpu"}, EdgeClusterVersion: "v1.37.1",
		Conditions: []metav1.Condition{{
			Type: v1beta1.ConditionReady, Status: metav1.ConditionFalse, Reason: "NotPeered", LastTransitionTime: metav1.NewTime(start),
		}},
	}
	if _, err := client.EdgeLocations(namespace).UpdateStatus(ctx, location, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	template := newTemplate("table", "a", "b")
	template.Spec.Constraints.MinCPU = 2
	template.Spec.Constraints.InstanceFamilies, template.Spec.Constraints.ExcludeInstanceFamilies = []string{"m7i"}, []string{"t3"}
	limit := int32(4)
	template.Spec.Limits.Edges = &limit
	template.Spec.Constraints.CapacityTypes = []v1beta1.CapacityType{v1beta1.CapacitySpot, v1beta1.CapacityOnDemand}
	if _, err := client.NodeTemplates(namespace).Create(ctx, template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	edge, err := client.Edges(namespace).Create(ctx, newEdge("table", "table"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	edge.Status = v1beta1.EdgeStatus{
		Phase: v1beta1.EdgeReady, InstanceID: "i-1", NodeName: "cast-1", HourlyPrice: "0.1008",
		Launch:   &v1beta1.EdgeLaunch{Attempt: 1, ClientToken: "c", Zone: "us-west-2a"},
		Decision: &v1beta1.EdgeDecision{WithinPercent: "1.5"},
		Conditions: []metav1.Condition{{
			Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, Reason: "NodeReady", LastTransitionTime: metav1.NewTime(start),
		}},
	}
	if _, err := client.Edges(namespace).UpdateStatus(ctx, edge, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	// AGE is real time, so it is left out of what is compared.
	for _, test := range []struct{ resource, headers, before, after string }{
		{
			"edgelocations", "NAME PROVIDER REGION PHASE EDGES $/H AGE (READY) (ZONES) (TEMPLATES) (VERSION)",
			"table AWS us-west-2 In use 2 0.2016 ", " NotPeered us-west-2a,us-west-2b batch,gpu v1.37.1",
		},
		{
			"nodetemplates", "NAME EDGE-LOCATIONS CAPACITY MIN-CPU EDGES $/H AGE (READY) (FAMILIES) (MAX-EDGES) (MAX-$/H) (PRIORITY) (MAIN-CLUSTER)",
			"table a,b spot,on-demand 2 0 ", " Unknown m7i,!t3 4 <none> 0 <disabled>",
		},
		{
			"edges", "NAME LOCATION TYPE ZONE CAPACITY PHASE NODE $/H AGE (READY) (INSTANCE) (TEMPLATE) (WITHIN-%)",
			"table table m7i.large us-west-2a on-demand Ready cast-1 0.1008 ", " True i-1 batch 1.5",
		},
	} {
		for _, at := range []string{path(test.resource), path(test.resource, "table")} {
			headers, rows := table(t, s, at)
			if headers != test.headers {
				t.Errorf("%s: headers %s, want %s", at, headers, test.headers)
			}
			if !slices.ContainsFunc(rows, func(row string) bool {
				return strings.HasPrefix(row, test.before) && strings.HasSuffix(row, test.after)
			}) {
				t.Errorf("%s: rows %q, want one %q AGE %q", at, rows, test.before, test.after)
			}
		}
	}
}

// testWatchTable is kubectl get --watch: every event is a table of one row, and
// only the first has headers.
func testWatchTable(t *testing.T, s *testServer) {
	s.createEdges("tabled", 3)
	at := query(path("edges"), "watch=1", "timeoutSeconds=1", "labelSelector=test%3Dtabled")
	answer := s.do("viewer", http.MethodGet, at, map[string]string{"Accept": acceptTable}, nil)
	events := json.NewDecoder(strings.NewReader(answer.body))
	for i := range 3 {
		var event struct {
			Type   string
			Object metav1.Table
		}
		if err := events.Decode(&event); err != nil {
			t.Fatalf("event %d: %v in %s", i, err, answer.body)
		}
		if len(event.Object.Rows) != 1 || event.Type != "ADDED" || (len(event.Object.ColumnDefinitions) > 0) != (i == 0) {
			t.Errorf("event %d is %s of %d rows and %d headers", i, event.Type, len(event.Object.Rows), len(event.Object.ColumnDefinitions))
		}
	}
}
