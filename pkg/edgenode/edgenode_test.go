// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgenode_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/edgenode"
)

func TestLabelsOfMachines(t *testing.T) {
	edge := &v1beta1.Edge{Spec: v1beta1.EdgeSpec{InstanceType: "g6.12xlarge", CapacityType: v1beta1.CapacitySpot}}
	location := &v1beta1.EdgeLocation{Spec: v1beta1.EdgeLocationSpec{Provider: v1beta1.ProviderAWS, Region: "us-west-2"}}
	for name, test := range map[string]struct {
		machine *catalog.Type
		want    map[string]string
	}{
		"with GPUs": {
			machine: &catalog.Type{Architecture: "amd64", GPUs: 4, GPUName: "L4", GPUMemoryBytes: 24 << 30},
			want:    map[string]string{v1beta1.LabelGPUName: "L4", v1beta1.LabelGPUCount: "4", v1beta1.LabelGPUMemory: "24576", corev1.LabelArchStable: "amd64"},
		},
		"arm64": {
			machine: &catalog.Type{Architecture: "arm64"},
			want:    map[string]string{v1beta1.LabelGPUName: "", v1beta1.LabelGPUCount: "", v1beta1.LabelGPUMemory: "", corev1.LabelArchStable: "arm64"},
		},
		"not in the catalog": {want: map[string]string{v1beta1.LabelGPUName: "", corev1.LabelArchStable: "amd64"}},
	} {
		for where, labels := range map[string]map[string]string{
			"main": edgenode.Labels(edge, location, test.machine), "edge": edgenode.KubeletLabels(edge, location, test.machine),
		} {
			for key, value := range test.want {
				if labels[key] != value {
					t.Errorf("%s: %s has %q in %s, want %q", name, key, labels[key], where, value)
				}
			}
			if labels[v1beta1.LabelCapacityType] != "spot" || labels[corev1.LabelInstanceTypeStable] != "g6.12xlarge" {
				t.Errorf("%s: labels %v in %s", name, labels, where)
			}
		}
	}
}
