// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package declarative runs the validation that the +k8s: tags of the types
// declare, and says in every error what the field is for.
package declarative

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
)

// Validation runs declarative validation in a strategy that embeds it.
type Validation struct {
	rest.DeclarativeValidation
}

var _ rest.DeclarativeValidationStrategy = Validation{}

// NewValidation returns the Validation of the types of scheme.
func NewValidation(scheme *runtime.Scheme) Validation {
	return Validation{rest.DeclarativeValidation{Scheme: scheme}}
}

// ValidateDeclaratively adds the declared rules of the version that the caller
// speaks to validationErrs, and names all fields as that version does.
func (v Validation) ValidateDeclaratively(ctx context.Context, obj, oldObj runtime.Object, validationErrs field.ErrorList, opType operation.Type, config rest.DeclarativeValidationConfig) field.ErrorList {
	errs := v.DeclarativeValidation.ValidateDeclaratively(ctx, obj, oldObj, validationErrs, opType, config)
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	if !ok || len(errs) == 0 {
		return errs
	}
	kind := ""
	if kinds, _, err := v.ObjectKinds(obj); err == nil {
		kind = kinds[0].Kind
	}
	for _, err := range errs {
		// Rules written by hand say themselves what is wanted.
		if err.FromImperative {
			InVersion(field.ErrorList{err}, info.APIVersion)
			continue
		}
		err.Detail = join(err.Detail, fieldDescription(info.APIVersion, kind, err.Field))
	}
	return errs
}

// InVersion names the fields of errors, which rules that see the hub have found, as
// a version does. It returns errs.
func InVersion(errs field.ErrorList, version string) field.ErrorList {
	if version == v1alpha1.SchemeGroupVersion.Version {
		for _, err := range errs {
			err.Field = rename(err.Field, v1alpha1.RenamedFields)
		}
	}
	return errs
}

// rename replaces the names in the path of a field by older ones.
func rename(path string, names map[string]string) string {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		name, index, hasIndex := strings.Cut(part, "[")
		if older, ok := names[name]; ok {
			parts[i] = older
			if hasIndex {
				parts[i] += "[" + index
			}
		}
	}
	return strings.Join(parts, ".")
}

func join(detail, description string) string {
	if detail == "" || description == "" {
		return detail + description
	}
	return detail + ". " + description
}
