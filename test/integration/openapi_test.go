// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

func testOpenAPI(t *testing.T, s *testServer) {
	answer := s.do("viewer", http.MethodGet, "/openapi/v3/apis/omni.cast.ai/v1alpha1", nil, nil)
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
			for code, response := range operation.Responses.StatusCodeResponses {
				for mediaType, content := range response.Content {
					if content.Schema == nil {
						t.Errorf("%s %s %d %s has no schema", verb, path, code, mediaType)
					}
					if strings.Contains(mediaType, "protobuf") {
						t.Errorf("%s %s promises %s", verb, path, mediaType)
					}
				}
			}
		}
	}
	script := document.Paths.Paths["/apis/omni.cast.ai/v1alpha1/namespaces/{namespace}/edgelocations/{name}/onboard-script"]
	if script == nil || script.Get == nil || script.Get.Responses.StatusCodeResponses[http.StatusOK].Content["text/x-shellscript"] == nil {
		t.Error("GET onboard-script does not promise text/x-shellscript")
	}
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

	var swagger spec.Swagger
	answer = s.do("viewer", http.MethodGet, "/openapi/v2", nil, nil)
	if err := json.Unmarshal([]byte(answer.body), &swagger); err != nil || swagger.Paths.Paths["/apis/omni.cast.ai/v1alpha1/edges"].Get == nil {
		t.Errorf("OpenAPI v2: %d, %v, no path of edges", answer.code, err)
	}
}
