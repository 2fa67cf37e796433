// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edgenode is the one home of the Node contract: how the Node of an Edge
// is named, labelled, tainted and identified, in the main cluster and in the edge
// cluster. The solver plans with it and the controller makes it so. It is pure.
package edgenode

import (
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
)

// liqoTaint is what stock Liqo puts on every virtual node; its own webhook adds
// the toleration in offloaded namespaces.
const liqoTaint = "virtual-node.liqo.io/not-allowed"

// RoleLabel makes kubectl print "agent" in the ROLES column.
const RoleLabel = "kubernetes.io/role"

// Labels returns the labels of the Node of an Edge in the main cluster, as the
// scheduler sees them. The UID may be empty for a Node that is only planned; machine
// is nil when the catalog does not know it.
func Labels(edge *v1beta1.Edge, location *v1beta1.EdgeLocation, machine *catalog.Type) map[string]string {
	name := v1beta1.EdgeNodeName(string(edge.UID))
	labels := maps.Clone(edge.Spec.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, map[string]string{
		"liqo.io/type":                 "virtual-node",
		RoleLabel:                      "agent",
		corev1.LabelHostname:           name,
		corev1.LabelOSStable:           "linux",
		corev1.LabelArchStable:         "amd64",
		corev1.LabelInstanceTypeStable: edge.Spec.InstanceType,
		corev1.LabelTopologyRegion:     location.Spec.Region,
		corev1.LabelTopologyZone:       edge.Spec.Zone,
		v1beta1.LabelEdgeNode:          "true",
		v1beta1.LabelEdgeID:            string(edge.UID),
		v1beta1.LabelEdgeName:          edge.Name,
		v1beta1.LabelEdgeNamespace:     edge.Namespace,
		v1beta1.LabelEdgeLocationName:  edge.Spec.EdgeLocationName,
		v1beta1.LabelCSP:               CSP(location),
		v1beta1.LabelCapacityType:      string(edge.Spec.CapacityType),
	})
	if edge.Spec.Zone == "" {
		// In a Custom location. Nodes of no zone are not all in one.
		delete(labels, corev1.LabelTopologyZone)
	}
	if edge.Spec.NodeTemplateName != "" {
		labels[v1beta1.LabelNodeTemplateName] = edge.Spec.NodeTemplateName
	}
	if machine != nil {
		maps.Copy(labels, machineLabels(machine))
	}
	return labels
}

// machineLabels are those that a machine has wherever it runs.
func machineLabels(machine *catalog.Type) map[string]string {
	labels := map[string]string{corev1.LabelArchStable: machine.Architecture}
	if machine.GPUs == 0 {
		return labels
	}
	labels[v1beta1.LabelGPUName] = machine.GPUName
	labels[v1beta1.LabelGPUCount] = strconv.FormatInt(machine.GPUs, 10)
	labels[v1beta1.LabelGPUMemory] = strconv.FormatInt(machine.GPUMemoryBytes>>20, 10)
	return labels
}

// KubeletLabels returns those labels that the kubelet of the machine may set on
// itself in the edge cluster: NodeRestriction refuses other kubernetes.io ones.
func KubeletLabels(edge *v1beta1.Edge, location *v1beta1.EdgeLocation, machine *catalog.Type) map[string]string {
	labels := Labels(edge, location, machine)
	maps.DeleteFunc(labels, func(key, _ string) bool {
		return key == RoleLabel || strings.HasPrefix(key, "liqo.io/") || strings.HasPrefix(key, corev1.LabelHostname)
	})
	return labels
}

// Taints returns the taints that the Node of an Edge is created with, besides
// the one Liqo adds itself. They are never edited on the Node afterwards: the
// virtual kubelet patches them by index.
func Taints(edge *v1beta1.Edge) []corev1.Taint {
	return append([]corev1.Taint{EdgeTaint()}, edge.Spec.Taints...)
}

// PlannedTaints returns every taint a pod has to tolerate to run on the Node.
func PlannedTaints(edge *v1beta1.Edge) []corev1.Taint {
	return append(Taints(edge), corev1.Taint{Key: liqoTaint, Value: "true", Effect: corev1.TaintEffectNoExecute})
}

// EdgeTaint keeps every pod away that did not opt in by its namespace.
func EdgeTaint() corev1.Taint {
	return corev1.Taint{Key: v1beta1.TaintEdge, Value: "true", Effect: corev1.TaintEffectNoExecute}
}

// EdgeToleration tolerates EdgeTaint and nothing else.
func EdgeToleration() corev1.Toleration {
	return corev1.Toleration{
		Key: v1beta1.TaintEdge, Operator: corev1.TolerationOpEqual, Value: "true", Effect: corev1.TaintEffectNoExecute,
	}
}

// CSP is the cloud in lower case, as labels and provider IDs spell it.
func CSP(location *v1beta1.EdgeLocation) string {
	return strings.ToLower(string(location.Spec.Provider))
}

// StartupTaint keeps pods off the Node of an Edge until those that it was bought for
// are there. Its value is the UID of the Edge.
func StartupTaint(uid string) corev1.Taint {
	return corev1.Taint{Key: v1beta1.TaintStartup, Value: uid, Effect: corev1.TaintEffectNoSchedule}
}

// StartupToleration lets a pod in that the machine was bought for.
func StartupToleration(uid string) corev1.Toleration {
	return corev1.Toleration{Key: v1beta1.TaintStartup, Operator: corev1.TolerationOpEqual, Value: uid, Effect: corev1.TaintEffectNoSchedule}
}

// ProviderID is spec.providerID of the Node in both clusters. It is made of what
// is known before the machine exists, because its kubelet is told.
func ProviderID(edge *v1beta1.Edge, location *v1beta1.EdgeLocation) string {
	return v1beta1.ProviderIDPrefix + CSP(location) + "/" + location.Spec.Region + "/" + string(edge.UID)
}
