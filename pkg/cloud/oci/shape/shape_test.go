// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/castai/omni/pkg/cloud/oci/shape"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		want  shape.Type
		ocpus int
	}{
		"VM.Standard.E5.Flex-4-32":  {shape.Type{Shape: "VM.Standard.E5.Flex", VCPUs: 4, MemoryGiB: 32}, 2},
		"VM.Standard.A1.Flex-4-24":  {shape.Type{Shape: "VM.Standard.A1.Flex", VCPUs: 4, MemoryGiB: 24}, 4},
		"VM.Standard.A1.Flex-1-6":   {shape.Type{Shape: "VM.Standard.A1.Flex", VCPUs: 1, MemoryGiB: 6}, 1},
		"VM.Standard.A2.Flex-4-24":  {shape.Type{Shape: "VM.Standard.A2.Flex", VCPUs: 4, MemoryGiB: 24}, 2},
		"VM.DenseIO.E4.Flex-16-128": {shape.Type{Shape: "VM.DenseIO.E4.Flex", VCPUs: 16, MemoryGiB: 128}, 8},
		"VM.GPU.A10.1":              {shape.Type{Shape: "VM.GPU.A10.1"}, 0},
		"BM.GPU4.8":                 {shape.Type{Shape: "BM.GPU4.8"}, 0},
	} {
		got, err := shape.Parse(name)
		if err != nil || got != tc.want || got.OCPUs() != tc.ocpus || got.String() != name {
			t.Errorf("Parse(%q) = %+v, %v: %d OCPUs, String() = %q", name, got, err, got.OCPUs(), got)
		}
		if wrong := validation.IsValidLabelValue(name); wrong != nil {
			t.Errorf("%q is no label value: %v", name, wrong)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, remedy := range map[string]string{
		"VM.Standard.E5.Flex":            "<vCPUs>-<GiB>",
		"VM.Standard.E5.Flex-4":          "<vCPUs>-<GiB>",
		"VM.Standard.E5.Flex-0-32":       "<vCPUs>-<GiB>",
		"VM.Standard.E5.Flex-4-32-1":     "<vCPUs>-<GiB>",
		"VM.Standard.E5.Flex-4-3.5":      "<vCPUs>-<GiB>",
		"VM.Standard.E5.Flex-3-32":       "steps of 2",
		"VM.Standard.E5.Flex-9999999-32": "<vCPUs>-<GiB>",
	} {
		if got, err := shape.Parse(name); err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", name, got, err, remedy)
		}
	}
}

func TestOf(t *testing.T) {
	for want, got := range map[string]shape.Type{
		"VM.Standard.A1.Flex-4-24": shape.Of("VM.Standard.A1.Flex", 4, 24),
		"VM.GPU.A10.1":             shape.Of("VM.GPU.A10.1", 30, 240),
	} {
		if got.String() != want {
			t.Errorf("Of = %s, want %s", got, want)
		}
	}
}
