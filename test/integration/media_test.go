// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apiserver/pkg/features"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/metadata"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"sigs.k8s.io/yaml"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const (
	protobuf   = runtime.ContentTypeProtobuf
	asMetadata = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	asList     = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	asTable    = ";as=Table;g=meta.k8s.io;v=v1"
)

func testMediaTypes(t *testing.T, s *testServer) {
	s.createLocation(t, "media")
	one, all, templates := path("edgelocations", "media"), path("edgelocations"), path("nodetemplates")
	for _, test := range []struct {
		path, contentType string
		accept            []string
	}{
		{one, "application/json", nil},
		{one, "application/json", []string{"*/*"}},
		{one, "application/json", []string{protobuf, "application/json"}},
		{one, "application/yaml", []string{"application/yaml"}},
		{one, "application/json", []string{"application/cbor", "application/json"}},
		{one, "application/json", []string{"application/json" + asMetadata}},
		{one, "application/yaml", []string{"application/yaml" + asMetadata}},
		{one, protobuf, []string{protobuf + asMetadata, "application/json" + asMetadata}},
		{all, protobuf, []string{protobuf + asList, "application/json" + asList}},
		{all, "application/json", []string{protobuf + asTable, "application/json" + asTable}},
		{all, "application/yaml", []string{"application/yaml" + asTable}},
	} {
		answer := s.do("viewer", get, test.path, accept(test.accept...), nil)
		if got := answer.header.Get("Content-Type"); answer.code != 200 || got != test.contentType {
			t.Errorf("GET %s, Accept %q: %d %s, want 200 %s", test.path, test.accept, answer.code, got, test.contentType)
		}
	}
	s.expect(
		exchange{"XML", get, one, accept("application/xml"), "", 406, "application/json, application/yaml"},
		exchange{"protobuf alone", get, one, accept(protobuf), "", 406, "application/json, application/yaml"},
		exchange{"CBOR alone", get, one, accept("application/cbor"), "", 406, "application/json, application/yaml"},
		exchange{"a watch in YAML", get, query(all, "watch=1"), accept("application/yaml"), "", 406, "application/json;stream=watch"},
		exchange{"text", post, templates, contentType("text/plain"), template, 415, "application/json, application/yaml"},
		exchange{"a body in protobuf", post, templates, contentType(protobuf), template, 415, "application/json, application/yaml"},
		exchange{"a body in CBOR", post, templates, contentType("application/cbor"), template, 415, "application/json, application/yaml"},
		exchange{"apply in CBOR", patch, one, contentType("application/apply-patch+cbor"), template, 415, "UnsupportedMediaType"},
	)
	// What was got as YAML can be written as YAML.
	answer := s.do("admin", get, one, accept("application/yaml"), nil)
	edited := strings.Replace(answer.body, "  provider: AWS\n", "  provider: AWS\n  description: in YAML\n", 1)
	answer = s.do("admin", put, one, map[string]string{"Content-Type": "application/yaml", "Accept": "application/yaml"}, []byte(edited))
	var location v1beta1.EdgeLocation
	if err := yaml.UnmarshalStrict([]byte(answer.body), &location); err != nil || location.Spec.Description != "in YAML" {
		t.Errorf("PUT of YAML: %d %s (%v)", answer.code, answer.body, err)
	}
}

// testMetadata uses the client of the garbage collector, which asks for protobuf.
func testMetadata(t *testing.T, s *testServer) {
	created := s.createLocation(t, "metadata")
	client, err := metadata.NewForConfig(s.as("admin"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, locations := context.Background(), client.Resource(v1beta1.SchemeGroupVersion.WithResource("edgelocations")).Namespace(namespace)
	got, err := locations.Get(ctx, "metadata", metav1.GetOptions{})
	if err != nil || got.UID != created.UID {
		t.Fatalf("get: %v, UID %q, want %q", err, got.GetUID(), created.UID)
	}
	list, err := locations.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=metadata"})
	if err != nil || len(list.Items) != 1 || list.Items[0].UID != created.UID {
		t.Errorf("list: %v, %+v", err, list)
	}
	watcher, err := locations.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=metadata", ResourceVersion: created.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	if err := locations.Delete(ctx, "metadata", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if event := <-watcher.ResultChan(); event.Type != "DELETED" || event.Object.(*metav1.PartialObjectMetadata).UID != created.UID {
		t.Errorf("event %s %v, want the deletion", event.Type, event.Object)
	}
}

// TestCBOR: CBOR is alpha in the library and off unless --feature-gates says
// otherwise; then the group speaks it too.
func TestCBOR(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, utilfeature.DefaultFeatureGate, features.CBORServingAndStorage, true)
	s := newServer(t)
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(newLocation("cbor"))
	if err != nil {
		t.Fatal(err)
	}
	location := &unstructured.Unstructured{Object: object}
	location.SetGroupVersionKind(v1beta1.SchemeGroupVersion.WithKind("EdgeLocation"))
	body, err := direct.Marshal(location.Object)
	if err != nil {
		t.Fatal(err)
	}
	const cbor = runtime.ContentTypeCBOR
	header := map[string]string{"Content-Type": cbor, "Accept": cbor}
	for _, request := range []struct {
		method, path string
		body         []byte
		code         int
	}{
		{post, path("edgelocations"), body, 201},
		{get, path("edgelocations", "cbor"), nil, 200},
	} {
		answer := s.do("admin", request.method, request.path, header, request.body)
		var got map[string]any
		if answer.code != request.code || answer.header.Get("Content-Type") != cbor {
			t.Fatalf("%s: %d %s", request.method, answer.code, answer.header.Get("Content-Type"))
		}
		if err := direct.Unmarshal([]byte(answer.body), &got); err != nil {
			t.Fatal(err)
		}
		if region, _, _ := unstructured.NestedString(got, "spec", "region"); region != "us-west-2" {
			t.Errorf("%s: region %q, want us-west-2", request.method, region)
		}
	}
	if answer := s.do("admin", get, path("edgelocations", "cbor"), nil, nil); answer.header.Get("Content-Type") != "application/json" {
		t.Errorf("a client that asks for nothing gets %s, want JSON", answer.header.Get("Content-Type"))
	}
}
