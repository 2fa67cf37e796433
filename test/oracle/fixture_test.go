// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
)

var template = scheduling.Template{Namespace: "team", Name: "default"}

// edgeTaint is on every edge.
var edgeTaint = corev1.Taint{Key: "virtual-node.omni.cast.ai/not-allowed", Value: "true", Effect: corev1.TaintEffectNoExecute}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory),
	}
}

// newPod returns a pod of the application app that needs some CPU and 1Gi.
func newPod(name, app, cpu string, options ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{"app": app}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{Requests: quantities(cpu, "1Gi")}}}},
	}
	for _, option := range options {
		option(pod)
	}
	return pod
}

func toleratesEdges(pod *corev1.Pod) {
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: edgeTaint.Key, Operator: corev1.TolerationOpExists})
}

// spread asks for at most one pod of the application more in one zone than in
// another.
func spread(pod *corev1.Pod) {
	pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: labelsOf(pod),
	})
}

func machineLabels(zone string) map[string]string {
	return map[string]string{corev1.LabelTopologyZone: zone, corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux"}
}

// newNode returns a node of the main cluster that is free to hold this much.
func newNode(name, zone, cpu string, pods ...*corev1.Pod) scheduling.Node {
	labels := machineLabels(zone)
	labels[corev1.LabelHostname] = name
	free := quantities(cpu, "64Gi")
	free[corev1.ResourcePods] = resource.MustParse("110")
	return scheduling.Node{Name: name, Labels: labels, Free: free, Pods: pods}
}

// newCandidate returns a machine at one dollar for four CPUs; the location is empty
// for one of the main cluster.
func newCandidate(location, zone string, vcpu int64) scheduling.Candidate {
	price := float64(vcpu) / 4
	allocatable := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(vcpu, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(vcpu<<32, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(110, resource.DecimalSI),
	}
	c := scheduling.Candidate{
		Template: template, Location: location, Labels: machineLabels(zone), Cost: scheduling.Cost{Price: price},
		Offering: catalog.Offering{
			Type: catalog.Type{InstanceType: "m" + resource.NewQuantity(vcpu, resource.DecimalSI).String(), VCPU: vcpu, MemoryBytes: vcpu << 32, Architecture: "amd64"},
			Zone: zone, CapacityType: "on-demand", Allocatable: allocatable, HourlyPrice: price,
		},
	}
	if !c.Main() {
		c.Taints = []corev1.Taint{edgeTaint}
	}
	return c
}

// check returns what the oracle finds.
func check(t testing.TB, problem *scheduling.Problem, decision *scheduling.Decision) *Report {
	t.Helper()
	report, err := Check(t.Context(), problem, decision)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func findings(r *Report) string {
	lines := make([]string, len(r.Findings))
	for i := range r.Findings {
		lines[i] = r.Findings[i].String()
	}
	return strings.Join(lines, "\n")
}

// labelsOf selects the pod by its labels.
func labelsOf(pod *corev1.Pod) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: pod.Labels}
}
