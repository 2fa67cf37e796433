// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/castai/omni/pkg/edgenode"
)

// Shape says what the pods of a drawn workload are like.
type Shape string

const (
	// Even draws from a few sizes of CPU and memory that are equally likely.
	Even Shape = "even"
	// Tailed draws many small pods, some that need much memory, few that are large
	// or want GPUs.
	Tailed Shape = "tailed"
	// GPUs draws jobs of one to eight GPUs a pod.
	GPUs Shape = "gpus"
	// Choosy is Tailed with pods that stay off edges, want on-demand machines or name
	// regions.
	Choosy Shape = "choosy"
)

// Shapes are all there are.
var Shapes = []Shape{Even, Tailed, GPUs, Choosy}

// Draw returns a workload of a shape with at least so many pods, and always the same
// for the same seed.
func Draw(shape Shape, seed uint64, pods int) *Workload {
	d := drawer{rand.New(rand.NewPCG(seed, uint64(len(shape))))}
	w := &Workload{Name: fmt.Sprintf("%s-%d", shape, seed)}
	for count := 0; count < pods; {
		g := Group{Name: fmt.Sprintf("g%d", len(w.Groups)), Namespace: "default", Count: d.pick(1, 1, 2, 3, 5, 8, 12, 20, 40), Spec: d.spec(shape)}
		if shape == GPUs {
			g.Count = d.pick(1, 2, 4, 6)
		}
		w.Groups = append(w.Groups, g)
		count += g.Count
	}
	return w
}

// drawer draws pods.
type drawer struct{ *rand.Rand }

func (d drawer) pick(from ...int) int { return from[d.IntN(len(from))] }

func (d drawer) spec(shape Shape) corev1.PodSpec {
	var requests corev1.ResourceList
	switch kind := d.Float64(); {
	case shape == GPUs, shape != Even && kind < 0.02:
		gpus := 1 << d.IntN(4)
		requests = size(3000*gpus, 12288*gpus)
		requests[gpuResource] = *resource.NewQuantity(int64(gpus), resource.DecimalSI)
	case shape == Even:
		requests = size(d.pick(100, 250, 500, 1000, 1500), d.pick(100, 256, 512, 1024, 2048, 4096))
	case kind < 0.57:
		requests = size(d.pick(50, 100, 200, 250, 500), d.pick(128, 256, 512, 768, 1024))
	case kind < 0.82:
		requests = size(d.pick(500, 750, 1000, 2000), d.pick(1024, 2048, 3072, 4096))
	case kind < 0.92:
		requests = size(d.pick(1000, 2000, 4000), d.pick(16384, 24576, 32768, 65536))
	default:
		requests = size(d.pick(7000, 14000, 15000, 30000), d.pick(8192, 16384, 30720))
	}
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{Requests: requests}}}}
	if shape != Choosy || d.Float64() < 0.7 {
		spec.Tolerations = []corev1.Toleration{{Key: edgenode.EdgeTaint().Key, Operator: corev1.TolerationOpExists}}
	}
	if shape != Choosy {
		return spec
	}
	if d.Float64() < 0.2 {
		spec.NodeSelector = map[string]string{labelCapacityType: "on-demand"}
	} else if d.Float64() < 0.1 {
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelTopologyRegion, Operator: corev1.NodeSelectorOpIn, Values: []string{"us-east-1", "us-central1", "eu-central-1"},
				}},
			}}},
		}}
	}
	return spec
}

func size(milliCPU, memoryMiB int) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(milliCPU), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(memoryMiB)<<20, resource.BinarySI),
	}
}
