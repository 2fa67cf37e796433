// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
)

func template(change func(*omni.NodeTemplateSpec)) *omni.NodeTemplate {
	t := &omni.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: "batch", Namespace: "team-a", ResourceVersion: "1"},
		Spec: omni.NodeTemplateSpec{
			EdgeLocations: omni.TemplateEdgeLocations{Enabled: true, Names: []string{"aws-oregon"}, PriceAdjustments: []omni.PriceAdjustment{{Name: "aws-oregon", Percent: -10}}},
			MainCluster:   omni.TemplateMainCluster{Enabled: true, Provider: omni.ProviderAWS, Region: "eu-central-1", Zones: []string{"eu-central-1a"}},
			Priority:      10,
			Constraints: omni.NodeConstraints{
				MinCPU: 2, MaxCPU: 2, MinMemory: quantity("4Gi"), MaxMemory: quantity("4Gi"),
				CapacityTypes:    []omni.CapacityType{omni.CapacitySpot, omni.CapacityOnDemand},
				InstanceFamilies: []string{"m7i"}, ExcludeInstanceFamilies: []string{"t3"},
				Architectures: []omni.Architecture{omni.ArchitectureAMD64, omni.ArchitectureARM64},
				Burstable:     omni.BurstableExcluded,
				GPU:           &omni.GPUConstraints{Names: []string{"L4"}, MinCount: 1, MaxCount: 1, MinMemory: quantity("24Gi")},
			},
			Labels: map[string]string{"workload": "batch"},
			Taints: []corev1.Taint{{Key: "batch", Value: "true", Effect: corev1.TaintEffectNoSchedule}},
			Limits: omni.TemplateLimits{Edges: new(int32), GPU: new(int32), CPU: quantity("64"), Memory: quantity("256Gi"), HourlyPrice: "2.50"},
			Disruption: omni.TemplateDisruption{
				ConsolidateAfter: &metav1.Duration{Duration: time.Minute},
			},
		},
	}
	if change != nil {
		change(&t.Spec)
	}
	return t
}

func quantity(s string) *resource.Quantity {
	q := resource.MustParse(s)
	return &q
}

func TestValidateNodeTemplate(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*omni.NodeTemplateSpec)
		want   []string
	}{
		"valid": {},
		"empty": {change: func(s *omni.NodeTemplateSpec) { *s = omni.NodeTemplateSpec{} }},
		"names": {
			change: func(s *omni.NodeTemplateSpec) { s.EdgeLocations.Names = []string{"a", "a", "A"} },
			want:   []string{duplicate + "spec.edgeLocations.names[1]", invalid + "spec.edgeLocations.names[2]"},
		},
		"bounds crossed": {
			change: func(s *omni.NodeTemplateSpec) { s.Constraints.MinCPU, s.Constraints.MinMemory = 3, quantity("5Gi") },
			want:   []string{invalid + "spec.constraints.minCPU", invalid + "spec.constraints.minMemory"},
		},
		"negative bounds": {
			change: func(s *omni.NodeTemplateSpec) { s.Constraints.MinCPU, s.Constraints.MaxCPU = -1, -1 },
			want:   []string{invalid + "spec.constraints.minCPU", invalid + "spec.constraints.maxCPU"},
		},
		"no memory": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.MinMemory, s.Constraints.MaxMemory = quantity("-1"), quantity("0")
			},
			want: []string{invalid + "spec.constraints.minMemory", invalid + "spec.constraints.maxMemory"},
		},
		"capacity types": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.CapacityTypes = []omni.CapacityType{"spot", "spot", "Spot"}
			},
			want: []string{duplicate + "spec.constraints.capacityTypes[1]", unsupported + "spec.constraints.capacityTypes[2]"},
		},
		"families of all clouds": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.InstanceFamilies = []string{"m7i", "n2d", "u-6tb1", "VM.Standard.E5.Flex", "BM.GPU4.8"}
			},
		},
		"families": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.InstanceFamilies, s.Constraints.ExcludeInstanceFamilies = []string{"t3", "m7i.large"}, []string{"t3", ""}
			},
			want: []string{
				invalid + "spec.constraints.instanceFamilies[0]", invalid + "spec.constraints.instanceFamilies[1]",
				invalid + "spec.constraints.excludeInstanceFamilies[1]",
			},
		},
		"labels": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Labels = map[string]string{"omni.cast.ai/edge-id": "x", "node.liqo.io/x": "x", "a b": "x", "ok": "not ok"}
			},
			want: []string{invalid + "spec.labels[omni.cast.ai/edge-id]", invalid + "spec.labels[node.liqo.io/x]", invalid + "spec.labels", invalid + "spec.labels"},
		},
		"taints": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Taints = []corev1.Taint{
					{Key: "a", Effect: corev1.TaintEffectNoExecute},
					{Key: "a", Value: "b", Effect: corev1.TaintEffectNoExecute},
					{Key: "", Value: "not ok", Effect: "Never"},
					{Key: "virtual-node.omni.cast.ai/not-allowed", Effect: corev1.TaintEffectNoExecute},
					{Key: "b"},
				}
			},
			want: []string{
				duplicate + "spec.taints[1]", invalid + "spec.taints[2].key", invalid + "spec.taints[2].key", invalid + "spec.taints[2].value",
				unsupported + "spec.taints[2].effect", invalid + "spec.taints[3].key", required + "spec.taints[4].effect",
			},
		},
		"limits": {
			change: func(s *omni.NodeTemplateSpec) {
				*s.Limits.Edges, *s.Limits.GPU = -1, -1
				s.Limits.CPU, s.Limits.Memory, s.Limits.HourlyPrice = quantity("0"), quantity("-1Gi"), "1e3"
			},
			want: []string{
				invalid + "spec.limits.edges", invalid + "spec.limits.gpu", invalid + "spec.limits.cpu", invalid + "spec.limits.memory", invalid + "spec.limits.hourlyPrice",
			},
		},
		"price adjustments": {
			change: func(s *omni.NodeTemplateSpec) {
				s.EdgeLocations.PriceAdjustments = []omni.PriceAdjustment{{Name: "a", Percent: -101}, {Name: "a", Percent: 1001}, {Name: "A"}, {}}
			},
			want: []string{
				invalid + "spec.edgeLocations.priceAdjustments[0].percent", duplicate + "spec.edgeLocations.priceAdjustments[1]",
				invalid + "spec.edgeLocations.priceAdjustments[1].percent", invalid + "spec.edgeLocations.priceAdjustments[2].name",
				required + "spec.edgeLocations.priceAdjustments[3].name",
			},
		},
		"main cluster without a region": {
			change: func(s *omni.NodeTemplateSpec) { s.MainCluster = omni.TemplateMainCluster{Enabled: true} },
			want:   []string{required + "spec.mainCluster.provider", required + "spec.mainCluster.region"},
		},
		"main cluster in another cloud": {
			change: func(s *omni.NodeTemplateSpec) { s.MainCluster.Provider = omni.ProviderGCP },
			want:   []string{invalid + "spec.mainCluster.region", invalid + "spec.mainCluster.zones[0]"},
		},
		"main cluster in no cloud": {
			change: func(s *omni.NodeTemplateSpec) { s.MainCluster.Provider = "aws" },
			want:   []string{unsupported + "spec.mainCluster.provider"},
		},
		"main cluster without prices": {
			change: func(s *omni.NodeTemplateSpec) { s.MainCluster.Provider = omni.ProviderCustom },
			want:   []string{unsupported + "spec.mainCluster.provider"},
		},
		"priority": {
			change: func(s *omni.NodeTemplateSpec) { s.Priority = 1001 },
			want:   []string{invalid + "spec.priority"},
		},
		"architectures": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.Architectures = []omni.Architecture{"arm64", "arm64", "x86"}
			},
			want: []string{duplicate + "spec.constraints.architectures[1]", unsupported + "spec.constraints.architectures[2]"},
		},
		"burstable": {
			change: func(s *omni.NodeTemplateSpec) { s.Constraints.Burstable = "excluded" },
			want:   []string{unsupported + "spec.constraints.burstable"},
		},
		"gpu": {
			change: func(s *omni.NodeTemplateSpec) {
				s.Constraints.GPU = &omni.GPUConstraints{Names: []string{"NVIDIA L4"}, MinCount: 2, MaxCount: 1, MinMemory: quantity("0")}
			},
			want: []string{invalid + "spec.constraints.gpu.names[0]", invalid + "spec.constraints.gpu.minCount", invalid + "spec.constraints.gpu.minMemory"},
		},
		"negative consolidateAfter": {
			change: func(s *omni.NodeTemplateSpec) { s.Disruption.ConsolidateAfter.Duration = -1 },
			want:   []string{invalid + "spec.disruption.consolidateAfter"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectCreate(t, template(test.change), test.want)
			expectUpdate(t, template(test.change), template(nil), test.want)
		})
	}
}

func TestNodeTemplateWarnings(t *testing.T) {
	if warnings := validation.NodeTemplateWarnings(template(nil)); len(warnings) > 0 {
		t.Errorf("warnings %q, want none", warnings)
	}
	elsewhere := template(func(s *omni.NodeTemplateSpec) { s.EdgeLocations.PriceAdjustments[0].Name = "gcp-iowa" })
	if warnings := validation.NodeTemplateWarnings(elsewhere); len(warnings) != 1 {
		t.Errorf("warnings %q, want one: the adjustment is for no location of the template", warnings)
	}
	disabled := template(func(s *omni.NodeTemplateSpec) { s.EdgeLocations.Enabled = false })
	if warnings := validation.NodeTemplateWarnings(disabled); len(warnings) != 1 {
		t.Errorf("warnings %q, want one: the names have no effect", warnings)
	}
}
