// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the declarative validation of v1alpha1: what the +k8s: tags of its
// types say. The code is generated here, beside the types, so that their
// importers do not get it.
//
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:validation-gen-input=github.com/castai/omni/pkg/apis/omni/v1alpha1
// +k8s:validation-gen-scheme-registry=k8s.io/apimachinery/pkg/runtime.Scheme
package v1alpha1

import "k8s.io/apimachinery/pkg/runtime"

var localSchemeBuilder runtime.SchemeBuilder

// AddToScheme registers the validation.
func AddToScheme(scheme *runtime.Scheme) error { return localSchemeBuilder.AddToScheme(scheme) }
