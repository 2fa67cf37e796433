// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/apitesting/roundtrip"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

var update = flag.Bool("update", false, "write testdata/HEAD anew")

// storedKinds are the kinds that are in somebody's etcd.
var storedKinds = []string{"EdgeLocation", "NodeTemplate", "Edge"}

// TestStoredBytes protects what earlier releases have stored. testdata/HEAD holds
// every stored kind in every version with every field filled; a change of it is a
// change of the API that somebody has to mean. A release copies HEAD to a directory
// of its own name, which never changes again: its bytes have to decode for as long
// as that version is served, and lose nothing on the way to the version stored now.
func TestStoredBytes(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	options := roundtrip.NewCompatibilityTestOptions(scheme)
	for _, version := range scheme.PrioritizedVersionsForGroup(omni.GroupName) {
		for _, kind := range storedKinds {
			options.Kinds = append(options.Kinds, version.WithKind(kind))
		}
	}
	options.FillFuncs = map[reflect.Type]roundtrip.FillFunc{
		reflect.TypeFor[*resource.Quantity](): func(_ string, i int, obj any) { obj.(*resource.Quantity).Set(int64(i)) },
	}
	pretty := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Pretty: true, Strict: true})
	for gvk, obj := range options.Complete(t).FilledObjects {
		path := filepath.Join("testdata", "HEAD", gvk.Version+"."+gvk.Kind+".json")
		obj.GetObjectKind().SetGroupVersionKind(gvk)
		got := &bytes.Buffer{}
		if err := pretty.Encode(obj, got); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what %s encodes to now: a stored object may not be readable any more; if the change is meant, run this test with -update", path, gvk)
		}
	}
	releases, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(releases) == 0 {
		t.Fatalf("no stored bytes found: %v", err)
	}
	for _, path := range releases {
		t.Run(strings.TrimPrefix(path, "testdata/"), func(t *testing.T) {
			testStored(t, path, scheme, pretty)
		})
	}
}

// testStored takes the bytes to the hub and the version stored now, and back.
func testStored(t *testing.T, path string, scheme *runtime.Scheme, pretty runtime.Serializer) {
	codecs := serializer.NewCodecFactory(scheme)
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Strict decoding: a field that is not known any more is an error.
	versioned, gvk, err := pretty.Decode(stored, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	hub, err := runtime.Decode(codecs.UniversalDecoder(), stored)
	if err != nil {
		t.Fatal(err)
	}
	now, err := runtime.Encode(codecs.LegacyCodec(v1beta1.SchemeGroupVersion), hub)
	if err != nil {
		t.Fatal(err)
	}
	if hub, err = runtime.Decode(codecs.UniversalDecoder(), now); err != nil {
		t.Fatal(err)
	}
	back, err := scheme.ConvertToVersion(hub, gvk.GroupVersion())
	if err != nil {
		t.Fatal(err)
	}
	versioned.GetObjectKind().SetGroupVersionKind(*gvk)
	back.GetObjectKind().SetGroupVersionKind(*gvk)
	if !apiequality.Semantic.DeepEqual(versioned, back) {
		t.Errorf("the object changed on its way through %s:\n%#v\n%#v", v1beta1.SchemeGroupVersion, versioned, back)
	}
}
