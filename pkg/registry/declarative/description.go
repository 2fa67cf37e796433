// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package declarative

import (
	"regexp"
	"strings"
	"sync"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/castai/omni/pkg/generated/openapi"
)

// modelPrefix begins the names of our OpenAPI models; see the tag
// +k8s:openapi-model-package of the versions.
const modelPrefix = "ai.cast.omni."

// definitions are the OpenAPI models of all types by name.
var definitions = sync.OnceValue(func() map[string]common.OpenAPIDefinition {
	return openapi.GetOpenAPIDefinitions(spec.MustCreateRef)
})

// index is the part of a path that chooses an item of a list or of a map.
var index = regexp.MustCompile(`\[[^]]*\]`)

// fieldDescription is what the doc comment of a field says, on one line. The
// path is that of an error: spec.aws.subnetIDs[us-west-2a]. A field that is not
// known has no description.
func fieldDescription(version, kind, path string) string {
	schema := definitions()[modelPrefix+version+"."+kind].Schema
	description := ""
	for name := range strings.SplitSeq(index.ReplaceAllString(path, ""), ".") {
		property, ok := element(schema).Properties[name]
		if !ok {
			return ""
		}
		description, schema = property.Description, property
	}
	return strings.ReplaceAll(description, "\n", " ")
}

// element follows the schema of a field to the object whose fields it holds, be
// it in a list, in a map, by reference or in itself.
func element(schema spec.Schema) spec.Schema {
	switch {
	case schema.Items != nil && schema.Items.Schema != nil:
		return element(*schema.Items.Schema)
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		return element(*schema.AdditionalProperties.Schema)
	case len(schema.AllOf) == 1: // a reference beside a default
		return element(schema.AllOf[0])
	case schema.Ref.String() != "":
		return definitions()[schema.Ref.String()].Schema
	}
	return schema
}
