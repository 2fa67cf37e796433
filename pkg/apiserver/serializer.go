// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
)

// withoutProtobuf hides the protobuf serializer. Our types have no generated
// protobuf code, so a client that prefers protobuf over JSON would otherwise get
// 406 instead of JSON, and OpenAPI would promise what cannot be served. Metadata
// alone (PartialObjectMetadata) has such code and is served in protobuf still.
//
// CBOR passes: it is alpha in the library and absent, unless
// --feature-gates=CBORServingAndStorage=true adds it.
type withoutProtobuf struct {
	runtime.NegotiatedSerializer
}

func (s withoutProtobuf) SupportedMediaTypes() []runtime.SerializerInfo {
	return slices.DeleteFunc(slices.Clone(s.NegotiatedSerializer.SupportedMediaTypes()), func(info runtime.SerializerInfo) bool {
		return info.MediaType == runtime.ContentTypeProtobuf
	})
}
