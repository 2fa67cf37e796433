// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/registry/declarative"
)

// Strategy is what the rules of all kinds have in common. The strategies of a
// kind add what depends on its spec and its status.
type Strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	declarative.Validation
	resetFields map[fieldpath.APIVersion]*fieldpath.Set
}

// NewStrategy is for main endpoints, which write everything but the status.
func NewStrategy(scheme *runtime.Scheme) Strategy {
	return newStrategy(scheme, "status")
}

// NewStatusStrategy is for status endpoints, which write nothing but the status.
func NewStatusStrategy(scheme *runtime.Scheme) Strategy {
	return newStrategy(scheme, "spec", "metadata")
}

func newStrategy(scheme *runtime.Scheme, reset ...string) Strategy {
	return Strategy{scheme, names.SimpleNameGenerator, declarative.NewValidation(scheme), resetFields(scheme, reset...)}
}

// NamespaceScoped implements rest.RESTCreateStrategy: a team is a namespace.
func (Strategy) NamespaceScoped() bool { return true }

// AllowCreateOnUpdate implements rest.RESTUpdateStrategy: PUT never creates.
func (Strategy) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate implements rest.RESTUpdateStrategy: a PUT says which
// version it has changed, so no writer undoes another's work unseen.
func (Strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// Canonicalize implements rest.RESTUpdateStrategy; objects have one form only.
func (Strategy) Canonicalize(runtime.Object) {}

// WarningsOnCreate implements rest.RESTCreateStrategy.
func (Strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

// WarningsOnUpdate implements rest.RESTUpdateStrategy.
func (Strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// GetResetFields implements rest.ResetFieldsStrategy: what this endpoint
// ignores, server-side apply gives its writers no ownership of.
func (s Strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set { return s.resetFields }

// resetFields returns top-level fields in every version that is served.
func resetFields(scheme *runtime.Scheme, topLevel ...string) map[fieldpath.APIVersion]*fieldpath.Set {
	set := fieldpath.NewSet()
	for _, name := range topLevel {
		set.Insert(fieldpath.MakePathOrDie(name))
	}
	fields := map[fieldpath.APIVersion]*fieldpath.Set{}
	for _, version := range scheme.PrioritizedVersionsForGroup(omni.GroupName) {
		fields[fieldpath.APIVersion(version.String())] = set
	}
	return fields
}
