// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/scheme"
)

// FuzzValidate: whatever a client sends, validation neither panics nor changes the
// object, says the same again, and lets a valid object be updated to itself and
// be stored and read back.
func FuzzValidate(f *testing.F) {
	seeds, err := filepath.Glob("../install/testdata/*/*.json")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, seed := range seeds {
		body, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, valid := range []runtime.Object{location(nil), template(nil), edge(nil)} {
		f.Add(stored(f, valid))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		obj, err := runtime.Decode(scheme.Codecs.UniversalDecoder(), body)
		if err != nil {
			return // refused before validation
		}
		switch obj.(type) {
		case *omni.EdgeLocation, *omni.NodeTemplate, *omni.Edge:
		default:
			return
		}
		before, errs := obj.DeepCopyObject(), validateCreate(t, obj)
		if again := validateCreate(t, obj); len(again) != len(errs) || !apiequality.Semantic.DeepEqual(before, obj) {
			t.Fatalf("validation is not pure: %v, then %v", errs, again)
		}
		if len(errs) > 0 {
			return
		}
		strategy, _ := strategies(t, obj)
		if accessor, err := meta.Accessor(obj); err != nil {
			t.Fatal(err)
		} else if accessor.GetResourceVersion() == "" {
			accessor.SetResourceVersion("1") // as the store does
		}
		if errs := rest.ValidateUpdate(asRequest(t), obj, obj.DeepCopyObject(), strategy); len(errs) > 0 {
			t.Errorf("a valid object cannot be updated to itself: %v", errs)
		}
		back, err := runtime.Decode(scheme.Codecs.UniversalDecoder(), stored(t, obj))
		if err != nil || len(validateCreate(t, back)) > 0 {
			t.Errorf("a valid object is not valid after it was stored: %v %v", err, validateCreate(t, back))
		}
	})
}

func validateCreate(t *testing.T, obj runtime.Object) field.ErrorList {
	strategy, _ := strategies(t, obj)
	return rest.ValidateCreate(asRequest(t), obj, strategy)
}

func asRequest(t *testing.T) context.Context {
	return genericapirequest.WithRequestInfo(genericapirequest.WithNamespace(t.Context(), "team-a"), &genericapirequest.RequestInfo{
		APIGroup: v1beta1.GroupName, APIVersion: v1beta1.SchemeGroupVersion.Version,
	})
}

func stored(tb testing.TB, obj runtime.Object) []byte {
	tb.Helper()
	body, err := runtime.Encode(scheme.Codecs.LegacyCodec(v1beta1.SchemeGroupVersion), obj)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}
