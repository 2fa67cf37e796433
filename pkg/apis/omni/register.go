// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group served by omni-apiserver.
const GroupName = "omni.cast.ai"

// SchemeGroupVersion is the group with the internal version.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: runtime.APIVersionInternal}

var (
	// SchemeBuilder collects what AddToScheme registers.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers the internal types.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kind qualifies an unqualified kind with the group.
func Kind(kind string) schema.GroupKind {
	return SchemeGroupVersion.WithKind(kind).GroupKind()
}

// Resource qualifies an unqualified resource name with the group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion,
		&EdgeLocation{}, &EdgeLocationList{},
		&NodeTemplate{}, &NodeTemplateList{},
		&Edge{}, &EdgeList{},
		&InstanceList{}, &InstanceOptions{},
		&OnboardScriptOptions{}, &OnboardScriptRequest{}, &Onboarding{},
		&OffboardScriptOptions{}, &ConsoleOutputOptions{}, &JoinCommand{},
	)
	return nil
}
