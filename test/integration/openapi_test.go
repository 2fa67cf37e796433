// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// subresourceTypes are the media types of GET on the subresources that answer with
// a text.
var subresourceTypes = map[string]string{
	"onboard-script": "text/x-shellscript", "offboard-script": "text/x-shellscript", "console-output": "text/plain",
}

func testOpenAPI(t *testing.T, s *testServer) {
	answer := s.do("viewer", http.MethodGet, "/openapi/v3/apis/omni.cast.ai/v1beta1", nil, nil)
	var document spec3.OpenAPI
	if err := json.Unmarshal([]byte(answer.body), &document); err != nil {
		t.Fatalf("%d %v", answer.code, err)
	}
	for path, item := range document.Paths.Paths {
		for verb, operation := range map[string]*spec3.Operation{
			"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete,
		} {
			if operation == nil {
				continue
			}
			at := verb + " " + path
			for _, parameter := range append(item.Parameters, operation.Parameters...) {
				if parameter.Description == "" || parameter.Schema == nil {
					t.Errorf("%s: the parameter %s has no description or no schema", at, parameter.Name)
				}
			}
			for code, response := range operation.Responses.StatusCodeResponses {
				checkContent(t, at, code, path[strings.LastIndex(path, "/")+1:], verb, response.Content)
			}
		}
	}
	checkSubresources(t, &document)
	checkSchemas(t, &document)
	testOpenAPIv2(t, s)
}

func checkContent(t *testing.T, at string, code int, subresource, verb string, content map[string]*spec3.MediaType) {
	t.Helper()
	if code == http.StatusUnauthorized || strings.Contains(at, "/watch/") {
		return // the library gives these no content
	}
	if len(content) == 0 {
		t.Errorf("%s: %d has no content", at, code)
	}
	want := subresourceTypes[subresource]
	for mediaType, media := range content {
		if media.Schema == nil {
			t.Errorf("%s: %d %s has no schema", at, code, mediaType)
		}
		if strings.Contains(mediaType, "protobuf") {
			t.Errorf("%s promises %s", at, mediaType)
		}
		isText := strings.HasPrefix(mediaType, "text/")
		if isText != (verb == "GET" && want != "") || isText && (mediaType != want || !media.Schema.Type.Contains("string")) {
			t.Errorf("%s: %d is %s of %v", at, code, mediaType, media.Schema.Type)
		}
	}
}

// checkSubresources: what each subresource takes and answers.
func checkSubresources(t *testing.T, document *spec3.OpenAPI) {
	for subresource, want := range map[string]struct {
		get, created string // schemas
		query        string
	}{
		"edgelocations/onboard-script":  {get: "string", created: "OnboardScriptRequest", query: "network subnetwork vpcCIDR"},
		"edgelocations/offboard-script": {get: "string"},
		"edgelocations/onboarding":      {created: "Onboarding"},
		"nodetemplates/instances": {get: "InstanceList", query: "architecture capacityType continue edgeLocation gpuName limit maxCPU maxMemory maxPrice " +
			"minCPU minGPUMemory minGPUs minMemory region sortBy zone"},
		"edges/console-output": {get: "string", query: "tailLines"},
		"edges/join-command":   {created: "JoinCommand"},
	} {
		resource, name, _ := strings.Cut(subresource, "/")
		item := document.Paths.Paths["/apis/omni.cast.ai/v1beta1/namespaces/{namespace}/"+resource+"/{name}/"+name]
		if item == nil || (item.Get != nil) != (want.get != "") || (item.Post != nil) != (want.created != "") {
			t.Errorf("%s: %+v", subresource, item)
			continue
		}
		parent := map[string]string{"edgelocations": "EdgeLocation", "nodetemplates": "NodeTemplate", "edges": "Edge"}[resource]
		for _, parameter := range item.Parameters {
			if parameter.Name == "name" && parameter.Description != "name of the "+parent {
				t.Errorf("%s: name is the %s", subresource, parameter.Description)
			}
		}
		if item.Get != nil {
			var query []string
			for _, parameter := range append(item.Parameters, item.Get.Parameters...) {
				if parameter.In == "query" && parameter.Name != "pretty" {
					query = append(query, parameter.Name)
				}
			}
			slices.Sort(query)
			if got := strings.Join(query, " "); got != want.query {
				t.Errorf("GET %s takes %q, want %q", subresource, got, want.query)
			}
			checkAnswer(t, "GET "+subresource, item.Get.Responses, http.StatusOK, want.get)
		}
		if item.Post != nil {
			checkAnswer(t, "POST "+subresource, item.Post.Responses, http.StatusCreated, want.created)
		}
	}
}

// checkAnswer: the operation answers with one code, if it does not fail.
func checkAnswer(t *testing.T, at string, responses *spec3.Responses, code int, schema string) {
	t.Helper()
	codes := slices.Sorted(maps.Keys(responses.StatusCodeResponses))
	if !slices.Equal(codes, []int{code}) {
		t.Errorf("%s answers %v, want %d", at, codes, code)
		return
	}
	for mediaType, media := range responses.StatusCodeResponses[code].Content {
		if reference := media.Schema.Ref.String(); !strings.HasSuffix(reference, "."+schema) && !media.Schema.Type.Contains(schema) {
			t.Errorf("%s: %s is %s, want %s", at, mediaType, reference, schema)
		}
	}
}

func checkSchemas(t *testing.T, document *spec3.OpenAPI) {
	ours := 0
	for name, schema := range document.Components.Schemas {
		if !strings.HasPrefix(name, "ai.cast.omni.") {
			continue
		}
		ours++
		for field, property := range schema.Properties {
			if property.Description == "" && field != "apiVersion" && field != "kind" {
				t.Errorf("%s.%s has no description for kubectl explain", name, field)
			}
		}
	}
	if ours == 0 {
		t.Error("no schema of the group")
	}
}

func testOpenAPIv2(t *testing.T, s *testServer) {
	var swagger spec.Swagger
	answer := s.do("viewer", http.MethodGet, "/openapi/v2", nil, nil)
	if err := json.Unmarshal([]byte(answer.body), &swagger); err != nil {
		t.Fatalf("OpenAPI v2: %d, %v", answer.code, err)
	}
	paths := 0
	for path, item := range swagger.Paths.Paths {
		if !strings.HasPrefix(path, "/apis/omni.cast.ai/v1beta1/") {
			continue
		}
		paths++
		for verb, operation := range map[string]*spec.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if operation == nil {
				continue
			}
			for _, parameter := range append(item.Parameters, operation.Parameters...) {
				if shared, ok := strings.CutPrefix(parameter.Ref.String(), "#/parameters/"); ok {
					parameter = swagger.Parameters[shared]
				}
				if parameter.Description == "" && parameter.In != "body" {
					t.Errorf("OpenAPI v2: %s %s: the parameter %q has no description", verb, path, parameter.Name)
				}
			}
			for code, response := range operation.Responses.StatusCodeResponses {
				if response.Schema == nil && code != http.StatusUnauthorized {
					t.Errorf("OpenAPI v2: %s %s: %d has no schema", verb, path, code)
				}
			}
			want := subresourceTypes[path[strings.LastIndex(path, "/")+1:]]
			if verb == "GET" && want != "" && !slices.Equal(operation.Produces, []string{want}) {
				t.Errorf("OpenAPI v2: %s %s produces %v, want %s", verb, path, operation.Produces, want)
			}
		}
	}
	if paths == 0 {
		t.Error("OpenAPI v2 has no path of the group")
	}
}
