// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package fuzzer fills objects of the omni.cast.ai API with random values that
// survive a round trip through their external version.
package fuzzer

import (
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"

	"github.com/castai/omni/pkg/apis/omni"
)

// Funcs returns the functions that put a default where the external version
// would: an empty string does not come back empty. Random numbers are not zero,
// so numbers with a default need no function.
func Funcs(runtimeserializer.CodecFactory) []any {
	return []any{
		func(spec *omni.EdgeSpec, c randfill.Continue) {
			c.FillNoCustom(spec)
			if spec.CapacityType == "" {
				spec.CapacityType = omni.CapacityOnDemand
			}
		},
	}
}
