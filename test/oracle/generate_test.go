// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
)

// What problems are made of. There is little of each, so that pods, nodes and
// machines meet; the plainest is first, which is what shrinking moves towards.
var (
	zones      = []string{"z1", "z2", "z3"}
	apps       = []string{"web", "db", "cache"}
	namespaces = map[string]map[string]string{
		"default": {corev1.LabelMetadataName: "default", "team": "red"},
		"other":   {corev1.LabelMetadataName: "other", "team": "blue"},
	}
	disks        = []string{"", "ssd", "hdd"}
	generations  = []string{"", "2", "10"}
	dedicated    = []string{"", "batch", "red"}
	domains      = []string{corev1.LabelTopologyZone, corev1.LabelHostname, "omni.cast.ai/capacity-type", "disk"}
	gpu          = corev1.ResourceName("nvidia.com/gpu")
	cpus         = []string{"500m", "1", "1500m", "3", "0"}
	memories     = []string{"512Mi", "1Gi", "3Gi", "0"}
	claims       = []string{"everywhere", "in-z2", "unknown"}
	capacityKind = []string{"on-demand", "spot"}
)

// without names constraints that are left out, while a solver is made that has not
// got them.
var without = flag.String("without", "", "labels of draws that are to be false, with commas between them: group,volume")

// chance is true in so many of 100 cases, and shrinks to false.
func chance(t *rapid.T, percent int, label string) bool {
	drawn := rapid.IntRange(0, 99).Draw(t, label) >= 100-percent
	return drawn && !slices.Contains(strings.Split(*without, ","), label)
}

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// generateProblem draws a small problem with every constraint there is.
func generateProblem(t *rapid.T) *scheduling.Problem {
	p := &scheduling.Problem{
		Namespaces: namespaces,
		Claims: map[types.NamespacedName]*corev1.NodeSelector{
			{Namespace: "default", Name: "everywhere"}: nil,
			{Namespace: "other", Name: "everywhere"}:   nil,
			{Namespace: "default", Name: "in-z2"}: {NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"z2"}},
			}}}},
		},
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "candidates") {
		if i > 0 && chance(t, 60, "twin") {
			p.Candidates = append(p.Candidates, generateTwin(t, i, p.Candidates[i-1]))
		} else {
			p.Candidates = append(p.Candidates, generateCandidate(t, i))
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "nodes") {
		p.Nodes = append(p.Nodes, generateNode(t, i))
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "deployments") {
		shape := generatePod(t)
		for j := range rapid.IntRange(1, 4).Draw(t, "replicas") {
			pod := shape.DeepCopy()
			pod.Name = fmt.Sprintf("p%d-%d", i, j)
			p.Pods = append(p.Pods, pod)
		}
	}
	if chance(t, 25, "budget") {
		p.Budgets = map[scheduling.Template]scheduling.Budget{p.Candidates[0].Template: generateBudget(t)}
	}
	return p
}

func generateBudget(t *rapid.T) scheduling.Budget {
	var b scheduling.Budget
	bound := rapid.Int64Range(0, 3).Draw(t, "bound")
	switch oneOf(t, "limit", "edges", "cpu", "memory", "gpu", "price") {
	case "edges":
		b.Edges = &bound
	case "cpu":
		bound *= 2000
		b.MilliCPU = &bound
	case "memory":
		bound <<= 33
		b.MemoryBytes = &bound
	case "gpu":
		b.GPUs = &bound
	case "price":
		price := float64(bound) / 2
		b.HourlyPrice = &price
	}
	return b
}

// nodeShape draws what a machine and a node have in common.
func nodeShape(t *rapid.T, edge bool) (labels map[string]string, taints []corev1.Taint) {
	labels = map[string]string{
		corev1.LabelTopologyZone:     oneOf(t, "zone", zones...),
		corev1.LabelArchStable:       oneOf(t, "arch", "amd64", "amd64", "arm64"),
		corev1.LabelOSStable:         "linux",
		"omni.cast.ai/capacity-type": oneOf(t, "capacityType", capacityKind...),
	}
	if disk := oneOf(t, "disk", disks...); disk != "" {
		labels["disk"] = disk
	}
	if generation := oneOf(t, "generation", generations...); generation != "" {
		labels["generation"] = generation
	}
	if edge {
		taints = append(taints, edgeTaint)
		labels[v1beta1.LabelEdgeNode] = "true"
	}
	if chance(t, 20, "tainted") {
		taints = append(taints, corev1.Taint{
			Key: "dedicated", Value: oneOf(t, "taintValue", dedicated...),
			Effect: oneOf(t, "effect", corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule),
		})
	}
	return labels, taints
}

func generateCandidate(t *rapid.T, i int) scheduling.Candidate {
	location := oneOf(t, "location", "", "virginia", "ashburn")
	vcpu := oneOf(t, "vcpu", int64(2), 4, 8)
	c := newCandidate(location, "", vcpu)
	c.Template.Name = oneOf(t, "template", "default", "default", "second")
	if c.Template.Name == "second" {
		c.Priority = 10
	}
	c.Labels, c.Taints = nodeShape(t, location != "")
	c.Offering.Zone, c.Offering.CapacityType = c.Labels[corev1.LabelTopologyZone], c.Labels["omni.cast.ai/capacity-type"]
	c.Offering.InstanceType = fmt.Sprintf("type%d", i)
	c.Labels[corev1.LabelInstanceTypeStable] = c.Offering.InstanceType
	c.Offering.Allocatable[corev1.ResourcePods] = resource.MustParse(oneOf(t, "maxPods", "110", "110", "2"))
	if chance(t, 25, "gpus") {
		c.Offering.GPUs = rapid.Int64Range(1, 2).Draw(t, "gpuCount")
		c.Offering.Allocatable[gpu] = *resource.NewQuantity(c.Offering.GPUs, resource.DecimalSI)
	}
	c.Offering.HourlyPrice = float64(rapid.IntRange(1, 40).Draw(t, "price")) / 10
	c.Cost = scheduling.Cost{Price: c.Offering.HourlyPrice, Overhead: oneOf(t, "overhead", 0, 0.02)}
	c.Offering.PriceSource = catalog.Source{}
	return c
}

// generateTwin draws a machine of the same size and price as another, so that preferences
// have a choice.
func generateTwin(t *rapid.T, i int, c scheduling.Candidate) scheduling.Candidate {
	c.Labels, c.Taints = nodeShape(t, !c.Main())
	c.Offering.Zone, c.Offering.CapacityType = c.Labels[corev1.LabelTopologyZone], c.Labels["omni.cast.ai/capacity-type"]
	c.Offering.InstanceType = fmt.Sprintf("type%d", i)
	c.Labels[corev1.LabelInstanceTypeStable] = c.Offering.InstanceType
	return c
}

func generateNode(t *rapid.T, i int) scheduling.Node {
	edge := chance(t, 30, "edgeNode")
	n := newNode(fmt.Sprintf("node-%d", i), "", oneOf(t, "freeCPU", "1", "2", "4", "0"))
	n.Edge = edge
	n.Labels, n.Taints = nodeShape(t, edge)
	n.Labels[corev1.LabelHostname] = n.Name
	n.Free[corev1.ResourceMemory] = resource.MustParse(oneOf(t, "freeMemory", "64Gi", "2Gi"))
	n.Free[corev1.ResourcePods] = resource.MustParse(oneOf(t, "freePods", "50", "1"))
	if chance(t, 20, "freeGPU") {
		n.Free[gpu] = resource.MustParse("1")
	}
	for j := range rapid.IntRange(0, 3).Draw(t, "running") {
		pod := generatePod(t)
		pod.Name = fmt.Sprintf("running-%d-%d", i, j)
		n.Pods = append(n.Pods, pod)
	}
	return n
}

// generatePod draws a pod without a name.
func generatePod(t *rapid.T) *corev1.Pod {
	pod := newPod("", oneOf(t, "app", apps...), oneOf(t, "cpu", cpus...))
	pod.Namespace = oneOf(t, "namespace", "default", "default", "other")
	pod.Labels["version"] = oneOf(t, "version", "1", "2")
	container := &pod.Spec.Containers[0]
	container.Resources.Requests[corev1.ResourceMemory] = resource.MustParse(oneOf(t, "memory", memories...))
	if chance(t, 10, "wantsGPU") {
		container.Resources.Requests[gpu] = resource.MustParse("1")
	}
	if chance(t, 10, "init") {
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: "init", Resources: corev1.ResourceRequirements{Requests: quantities("2", "2Gi")}})
	}
	if chance(t, 10, "sidecar") {
		always := corev1.ContainerRestartPolicyAlways
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: "sidecar", RestartPolicy: &always, Resources: corev1.ResourceRequirements{Requests: quantities("500m", "1Gi")}})
	}
	if chance(t, 5, "runtimeOverhead") {
		pod.Spec.Overhead = quantities("250m", "128Mi")
	}
	if chance(t, 50, "toleratesEdges") {
		toleratesEdges(pod)
	}
	for range rapid.IntRange(0, 2).Draw(t, "tolerations") {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, generateToleration(t))
	}
	if chance(t, 15, "selector") {
		pod.Spec.NodeSelector = oneOf(t, "nodeSelector",
			map[string]string{corev1.LabelTopologyZone: "z1"}, map[string]string{"disk": "ssd"}, map[string]string{corev1.LabelArchStable: "arm64"})
	}
	generateConstraints(t, pod)
	if chance(t, 10, "priority") {
		priority := rapid.Int32Range(1, 2).Draw(t, "priorityValue")
		pod.Spec.Priority = &priority
	}
	if chance(t, 7, "group") {
		pod.Labels[v1beta1.LabelPodGroup] = "job"
		if chance(t, 40, "minAvailable") {
			pod.Annotations = map[string]string{v1beta1.AnnotationPodGroupMinAvailable: oneOf(t, "minimum", "1", "2")}
		}
	}
	return pod
}

func generateToleration(t *rapid.T) corev1.Toleration {
	toleration := corev1.Toleration{
		Key: oneOf(t, "tolerationKey", "dedicated", ""), Operator: oneOf(t, "tolerationOperator", corev1.TolerationOpExists, corev1.TolerationOpEqual, ""),
		Effect: oneOf(t, "tolerationEffect", "", corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule),
	}
	switch {
	case toleration.Key == "":
		toleration.Operator = corev1.TolerationOpExists // the only one without a key
	case toleration.Operator != corev1.TolerationOpExists:
		toleration.Value = oneOf(t, "tolerationValue", dedicated...)
	}
	return toleration
}

// generateConstraints draws what ties the pod to other pods, to ports and volumes.
func generateConstraints(t *rapid.T, pod *corev1.Pod) {
	affinity := &corev1.Affinity{}
	if chance(t, 30, "nodeAffinity") {
		affinity.NodeAffinity = generateNodeAffinity(t)
	}
	if chance(t, 15, "podAffinity") {
		affinity.PodAffinity = &corev1.PodAffinity{}
		affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, affinity.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution = generateTerms(t, pod)
	}
	if chance(t, 20, "podAntiAffinity") {
		affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
		affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution = generateTerms(t, pod)
	}
	if *affinity != (corev1.Affinity{}) {
		pod.Spec.Affinity = affinity
	}
	seen := map[string]bool{}
	for range rapid.IntRange(0, 2).Draw(t, "spreads") {
		constraint := generateSpread(t)
		if key := constraint.TopologyKey + string(constraint.WhenUnsatisfiable); !seen[key] { // the API refuses two of a kind
			seen[key] = true
			pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, constraint)
		}
	}
	if chance(t, 10, "hostPort") {
		pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{
			ContainerPort: 80, HostPort: 80,
			HostIP: oneOf(t, "hostIP", "", "10.0.0.1", "10.0.0.2"), Protocol: oneOf(t, "protocol", corev1.ProtocolTCP, corev1.ProtocolUDP),
		}}
	}
	if chance(t, 10, "volume") {
		pod.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: oneOf(t, "claim", claims...)},
		}}}
	}
}
