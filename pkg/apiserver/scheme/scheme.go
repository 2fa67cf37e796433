// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package scheme knows every type omni-apiserver serves and how it is encoded.
package scheme

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/castai/omni/pkg/apis/omni/install"
	validationv1alpha1 "github.com/castai/omni/pkg/generated/validation/v1alpha1"
	validationv1beta1 "github.com/castai/omni/pkg/generated/validation/v1beta1"
)

var (
	// Scheme holds the internal and external versions of the omni.cast.ai group.
	Scheme = runtime.NewScheme()
	// Codecs encodes and decodes the types of Scheme.
	Codecs = serializer.NewCodecFactory(Scheme)
	// ParameterCodec decodes query parameters into the option types of Scheme.
	ParameterCodec = runtime.NewParameterCodec(Scheme)
)

func init() {
	install.Install(Scheme)
	utilruntime.Must(validationv1alpha1.AddToScheme(Scheme))
	utilruntime.Must(validationv1beta1.AddToScheme(Scheme))
	utilruntime.Must(addFieldLabels(Scheme))

	// The generic server decodes its own options (ListOptions, DeleteOptions)
	// as core/v1 and answers with these kinds whatever the group is.
	core := schema.GroupVersion{Group: "", Version: "v1"}
	metav1.AddToGroupVersion(Scheme, core)
	Scheme.AddUnversionedTypes(core,
		&metav1.Status{},
		&metav1.APIVersions{},
		&metav1.APIGroupList{},
		&metav1.APIGroup{},
		&metav1.APIResourceList{},
	)
}
