// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// of returns the template with a part replaced.
func of(part, replacement string) string { return strings.Replace(template, part, replacement, 1) }

func testBadInput(_ *testing.T, s *testServer) {
	s.createLocation(s.t, "input")
	one, all := path("edgelocations", "input"), path("nodetemplates")
	s.expect(
		exchange{"no body", post, all, nil, "", 400, "unexpected end of JSON input"},
		exchange{"half a body", post, all, nil, "{", 400, "unexpected end of JSON input"},
		exchange{"another kind", post, all, nil, of("NodeTemplate", "Edge"), 400, "cannot be handled as a NodeTemplate"},
		exchange{"an unknown version", post, all, nil, of("v1beta1", "v9"), 400, "omni.cast.ai/v9"},
		exchange{"another namespace", post, all, nil, of(`"name":"new"`, `"name":"new","namespace":"other"`), 400, "namespace"},
		exchange{"no name", post, all, nil, of(`"name":"new"`, ""), 422, "name or generateName is required"},
		exchange{"a bad name", post, all, nil, of("new", "New_"), 422, "metadata.name"},
		exchange{"a word for a number", post, all, nil, of(`}}`, `},"spec":{"constraints":{"minCPU":"two"}}}`), 400, "spec.constraints.minCPU"},
		exchange{"a number too large", post, all, nil, of(`}}`, `},"spec":{"constraints":{"minCPU":99999999999}}}`), 400, "spec.constraints.minCPU"},
		exchange{"update of nothing", put, path("nodetemplates", "new"), nil, template, 404, "not found"},
		exchange{"update without a version", put, one, nil, `{"apiVersion":"omni.cast.ai/v1beta1","kind":"EdgeLocation","metadata":{"name":"input"}}`, 422, "metadata.resourceVersion"},
		exchange{"update under another name", put, one, nil, `{"apiVersion":"omni.cast.ai/v1beta1","kind":"EdgeLocation","metadata":{"name":"other"}}`, 400, "does not match"},
		exchange{"unknown dry-run", post, query(all, "dryRun=Some"), nil, template, 422, "dryRun"},
		exchange{"unknown field validation", post, query(all, "fieldValidation=Some"), nil, template, 422, "fieldValidation"},
		exchange{"a label selector that is none", get, query(all, "labelSelector=a%20b"), nil, "", 400, "unable to parse requirement"},
		exchange{"a field selector that is none", get, query(all, "fieldSelector=a"), nil, "", 400, "invalid selector"},
		exchange{"a field that cannot be selected", get, query(all, "fieldSelector=spec.x=y"), nil, "", 400, "use one of metadata.name, metadata.namespace"},
		exchange{"a version that is none: list", get, query(all, "resourceVersion=x"), nil, "", 400, "resourceVersion"},
		exchange{"a version that is none: watch", get, query(all, "watch=1", "resourceVersion=x"), nil, "", 422, "resourceVersion"},
		exchange{"a match without a version", get, query(all, "resourceVersionMatch=Exact"), nil, "", 422, "resourceVersionMatch"},
		exchange{"a limit that is none", get, query(all, "limit=x"), nil, "", 400, `parsing \"x\"`},
		exchange{"another method", put, all, nil, template, 405, "not allow"},
		exchange{"another subresource", get, path("edges", "x", "scale"), nil, "", 404, "not find"},
	)
}

func testTooLarge(t *testing.T, s *testServer) {
	s.createLocation(t, "large")
	ten := `{"a":"` + strings.Repeat("x", 10<<20) + `"}`
	for _, e := range []exchange{
		{"create", post, path("edges"), nil, ten, 413, "limit is"},
		{"update", put, path("edgelocations", "large"), nil, ten, 413, "limit is"},
		{"patch", patch, path("edgelocations", "large"), contentType("application/merge-patch+json"), ten, 413, "limit is"},
		{"status", put, path("edgelocations", "large", "status"), nil, ten, 413, "limit is"},
		{"mint", post, path("edgelocations", "large", "onboard-script"), nil, ten, 413, "limit is"},
		{"onboarding", post, path("edgelocations", "large", "onboarding"), nil, ten, 413, "limit is"},
		// More than etcd takes, and more than etcd's client sends.
		{"2.0 MB object", post, path("edges"), nil, labelled(t, 40_000), 413, "larger than etcd stores"},
		{"2.5 MB object", post, path("edges"), nil, labelled(t, 50_000), 413, "larger than etcd stores"},
		// Less than that, but more than anybody means: refused before it is looked at
		// item by item.
		{"85,000 names", post, path("nodetemplates"), nil, naming(t, 85_000), 422, "must have at most 256 items"},
	} {
		s.expect(e)
	}
}

// naming is a NodeTemplate that names so many locations.
func naming(t *testing.T, count int) string {
	t.Helper()
	template := newTemplate("large")
	template.APIVersion, template.Kind = "omni.cast.ai/v1beta1", "NodeTemplate"
	for i := range count {
		template.Spec.EdgeLocations.Names = append(template.Spec.EdgeLocations.Names, fmt.Sprintf("location-%06d", i))
	}
	body, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// labelled is an Edge with so many labels of 51 bytes.
func labelled(t *testing.T, count int) string {
	t.Helper()
	edge := newEdge("large", "aws")
	edge.APIVersion, edge.Kind = "omni.cast.ai/v1beta1", "Edge"
	edge.Labels = map[string]string{}
	for i := range count {
		edge.Labels[fmt.Sprintf("label-%08d", i)] = strings.Repeat("v", 31)
	}
	body, err := json.Marshal(edge)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func testFieldValidation(t *testing.T, s *testServer) {
	const unknown, duplicate = `unknown field \"spec.nope\"`, `duplicate field \"spec.limits.edges\"`
	body := of(`}}`, `},"spec":{"nope":1,"limits":{"edges":1,"edges":2}}}`)
	for validation, want := range map[string]struct {
		code     int
		warnings []string
	}{
		"Strict": {400, nil},
		"Warn":   {201, []string{`299 - "` + unknown + `"`, `299 - "` + duplicate + `"`}},
		"Ignore": {201, nil},
	} {
		answer := s.do("admin", post, query(path("nodetemplates"), "dryRun=All", "fieldValidation="+validation), nil, []byte(body))
		if answer.code != want.code || !slices.Equal(answer.header.Values("Warning"), want.warnings) {
			t.Errorf("%s: %d, warnings %q, want %d %q", validation, answer.code, answer.header.Values("Warning"), want.code, want.warnings)
		}
		if want.code == 400 && (!strings.Contains(answer.body, unknown) || !strings.Contains(answer.body, duplicate)) {
			t.Errorf("%s does not name both fields: %s", validation, answer.body)
		}
	}
	s.createLocation(t, "fields")
	at := query(path("edgelocations", "fields"), "fieldManager=test", "fieldValidation=Strict")
	s.expect(
		exchange{"merge patch", patch, at, contentType("application/merge-patch+json"), `{"spec":{"nope":1}}`, 422, "nope"},
		exchange{"JSON patch", patch, at, contentType("application/json-patch+json"), `[{"op":"add","path":"/spec/nope","value":1}]`, 422, "nope"},
		exchange{"apply", patch, at, contentType("application/apply-patch+yaml"), "apiVersion: omni.cast.ai/v1beta1\nkind: EdgeLocation\nspec: {nope: 1}", 400, ".spec.nope"},
		exchange{"YAML", post, query(path("nodetemplates"), "dryRun=All", "fieldValidation=Strict"), contentType("application/yaml"), "apiVersion: omni.cast.ai/v1beta1\nkind: NodeTemplate\nmetadata: {name: new}\nspec: {nope: 1}", 400, "nope"},
	)
}
