// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/apiserver/scheme"
	edgeregistry "github.com/castai/omni/pkg/registry/omni/edge"
	"github.com/castai/omni/pkg/registry/omni/edgelocation"
	"github.com/castai/omni/pkg/registry/omni/nodetemplate"
)

// The expectations run the declared rules and those written by hand as the server
// does, in every version.

func expectCreate(t *testing.T, obj runtime.Object, want []string) {
	t.Helper()
	strategy, _ := strategies(t, obj)
	inEveryVersion(t, "", want, func(ctx context.Context) field.ErrorList {
		return rest.ValidateCreate(ctx, obj, strategy)
	})
}

func expectUpdate(t *testing.T, obj, old runtime.Object, want []string) {
	t.Helper()
	strategy, _ := strategies(t, obj)
	inEveryVersion(t, "", want, func(ctx context.Context) field.ErrorList {
		return rest.ValidateUpdate(ctx, obj, old, strategy)
	})
}

func expectStatusUpdate(t *testing.T, obj, old runtime.Object, want []string) {
	t.Helper()
	_, strategy := strategies(t, obj)
	inEveryVersion(t, "status", want, func(ctx context.Context) field.ErrorList {
		return rest.ValidateUpdate(ctx, obj, old, strategy)
	})
}

func strategies(t *testing.T, obj runtime.Object) (rest.RESTCreateUpdateStrategy, rest.RESTUpdateStrategy) {
	t.Helper()
	switch obj.(type) {
	case *omni.EdgeLocation:
		return edgelocation.NewStrategy(scheme.Scheme), edgelocation.NewStatusStrategy(scheme.Scheme)
	case *omni.NodeTemplate:
		return nodetemplate.NewStrategy(scheme.Scheme), nodetemplate.NewStatusStrategy(scheme.Scheme)
	case *omni.Edge:
		return edgeregistry.NewStrategy(scheme.Scheme), edgeregistry.NewStatusStrategy(scheme.Scheme)
	}
	t.Fatalf("no strategy for %T", obj)
	return nil, nil
}

func inEveryVersion(t *testing.T, subresource string, want []string, validate func(context.Context) field.ErrorList) {
	t.Helper()
	for _, version := range scheme.Scheme.PrioritizedVersionsForGroup(omni.GroupName) {
		ctx := genericapirequest.WithRequestInfo(genericapirequest.WithNamespace(t.Context(), "team-a"), &genericapirequest.RequestInfo{
			APIGroup: version.Group, APIVersion: version.Version, Subresource: subresource,
		})
		expected := want
		if version == v1alpha1.SchemeGroupVersion {
			expected = asV1alpha1(want)
		}
		expect(t, validate(ctx), expected)
	}
}

// asV1alpha1 names the fields as v1alpha1 does.
func asV1alpha1(want []string) []string {
	var renamed []string
	for _, problem := range want {
		for newer, older := range v1alpha1.RenamedFields {
			if field, ok := strings.CutSuffix(problem, "."+newer); ok {
				problem = field + "." + older
			}
		}
		renamed = append(renamed, problem)
	}
	return renamed
}

// expect compares the type and the field of every error, in any order. Every
// error has to say what is wanted.
func expect(t *testing.T, got field.ErrorList, want []string) {
	t.Helper()
	var found []string
	for _, err := range got {
		found = append(found, string(err.Type)+" "+err.Field)
		if err.Detail == "" && err.Type != field.ErrorTypeDuplicate && err.Type != field.ErrorTypeTooLong {
			t.Errorf("%v does not say what is wanted", err)
		}
	}
	slices.Sort(found)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(found, want) {
		t.Errorf("got %q, want %q\n%v", found, want, got)
	}
}
