// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	openapigenerated "github.com/castai/omni/pkg/generated/openapi"
	"github.com/castai/omni/pkg/registry/text"
)

// subresource is what the library does not know of a subresource by itself.
type subresource struct {
	// of is the kind that the name in the path names.
	of string
	// options is the type of the query parameters of GET, whose doc comments
	// describe them; nil when there is no GET.
	options any
	// text is the media type that GET answers with; empty: an object.
	text string
	// secret: create takes or gives a token.
	secret bool
}

// subresources are all but status, by resource and name.
var subresources = map[string]subresource{
	"edgelocations/onboard-script":  {of: "EdgeLocation", options: v1beta1.OnboardScriptOptions{}, text: text.ShellScript, secret: true},
	"edgelocations/offboard-script": {of: "EdgeLocation", options: v1beta1.OffboardScriptOptions{}, text: text.ShellScript},
	"edgelocations/onboarding":      {of: "EdgeLocation", secret: true},
	"nodetemplates/instances":       {of: "NodeTemplate", options: v1beta1.InstanceOptions{}},
	"edges/console-output":          {of: "Edge", options: v1beta1.ConsoleOutputOptions{}, text: text.Plain},
	"edges/join-command":            {of: "Edge", secret: true},
}

// subresourceOf returns the subresource and the version of a path of OpenAPI:
// /apis/<group>/<version>/namespaces/{namespace}/<resource>/{name}/<subresource>.
func subresourceOf(path string) (s subresource, version string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 9 {
		return subresource{}, "", false
	}
	s, ok = subresources[parts[6]+"/"+parts[8]]
	return s, parts[3], ok
}

// documents makes the descriptions of OpenAPI true for the subresources: the
// library describes no query parameter, takes the name in the path for one of what
// is served, offers every text as an object too, and promises three answers to a
// create.
type documents map[string]common.OpenAPIDefinition

func newDocuments() documents {
	return openapigenerated.GetOpenAPIDefinitions(func(string) spec.Ref { return spec.Ref{} })
}

// descriptions of parameters by name; those of the query are the doc comments of the
// options in the version.
func (d documents) descriptions(s subresource, version string) map[string]string {
	descriptions := map[string]string{"name": "name of the " + s.of}
	if s.options != nil {
		model := fmt.Sprintf("ai.cast.omni.%s.%s", version, reflect.TypeOf(s.options).Name())
		for name, property := range d[model].Schema.Properties {
			descriptions[name] = property.Description
		}
	}
	return descriptions
}

// v3 is the hook of OpenAPI v3.
func (d documents) v3(document *spec3.OpenAPI) (*spec3.OpenAPI, error) {
	for path, item := range document.Paths.Paths {
		s, version, ok := subresourceOf(path)
		if !ok {
			continue
		}
		// What all verbs of a path share stands at the path.
		parameters := item.Parameters
		if item.Post != nil {
			onlyCreated(item.Post.Responses.StatusCodeResponses)
			parameters = slices.Concat(parameters, item.Post.Parameters)
		}
		if item.Get != nil {
			parameters = slices.Concat(parameters, item.Get.Parameters)
		}
		descriptions := d.descriptions(s, version)
		for _, parameter := range parameters {
			if description, ok := descriptions[parameter.Name]; ok {
				parameter.Description = description
			}
		}
		if s.text != "" {
			content := item.Get.Responses.StatusCodeResponses[http.StatusOK].Content
			maps.DeleteFunc(content, func(mediaType string, _ *spec3.MediaType) bool { return mediaType != s.text })
		}
	}
	return document, nil
}

// v2 is the hook of OpenAPI v2.
func (d documents) v2(document *spec.Swagger) (*spec.Swagger, error) {
	for path, item := range document.Paths.Paths {
		s, version, ok := subresourceOf(path)
		if !ok {
			continue
		}
		descriptions := d.descriptions(s, version)
		describe(document, item.Parameters, descriptions)
		if item.Post != nil {
			onlyCreated(item.Post.Responses.StatusCodeResponses)
			describe(document, item.Post.Parameters, descriptions)
		}
		if item.Get != nil {
			describe(document, item.Get.Parameters, descriptions)
		}
		if s.text != "" {
			item.Get.Produces = []string{s.text}
		}
	}
	// Only parameters that are described above had no description.
	maps.DeleteFunc(document.Parameters, func(_ string, shared spec.Parameter) bool { return shared.Description == "" && shared.In == "query" })
	return document, nil
}

// describe describes parameters in place. The library has replaced equal ones by
// references to one that all paths share: it is equal no more.
func describe(document *spec.Swagger, parameters []spec.Parameter, descriptions map[string]string) {
	for i, parameter := range parameters {
		if shared, ok := strings.CutPrefix(parameter.Ref.String(), "#/parameters/"); ok {
			parameter = document.Parameters[shared]
		}
		if description, ok := descriptions[parameter.Name]; ok {
			parameters[i] = parameter
			parameters[i].Description = description
		}
	}
}

// onlyCreated: a create on a subresource answers 201, or an error.
func onlyCreated[R any](responses map[int]R) {
	delete(responses, http.StatusOK)
	delete(responses, http.StatusAccepted)
}
