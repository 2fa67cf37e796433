// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group served by omni-apiserver.
const GroupName = "omni.cast.ai"

// SchemeGroupVersion is the group and version these types belong to.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1beta1"}

var (
	// SchemeBuilder collects what AddToScheme registers; generated code adds to it.
	SchemeBuilder      runtime.SchemeBuilder
	localSchemeBuilder = &SchemeBuilder
	// AddToScheme registers the types, their defaults and their conversions.
	AddToScheme = localSchemeBuilder.AddToScheme
)

func init() {
	localSchemeBuilder.Register(addKnownTypes)
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
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
