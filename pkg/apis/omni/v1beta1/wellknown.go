// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

// Names that are a contract with users, with Liqo and with the clouds.
const (
	// LabelEnableScheduling on a Namespace ("true") lets its pods run on edges.
	LabelEnableScheduling = "omni.cast.ai/enable-scheduling"

	// LabelEdgeNode marks every Node that is an edge ("true").
	LabelEdgeNode = "omni.cast.ai/edge-node"
	// LabelEdgeID carries the UID of the Edge behind a Node.
	LabelEdgeID = "omni.cast.ai/edge-id"
	// LabelEdgeName carries the name of the Edge behind a Node.
	LabelEdgeName = "omni.cast.ai/edge-name"
	// LabelEdgeNamespace carries the namespace (team) of the Edge behind a Node.
	LabelEdgeNamespace = "omni.cast.ai/edge-namespace"
	// LabelEdgeLocationName carries the name of the EdgeLocation of a Node.
	LabelEdgeLocationName = "omni.cast.ai/edge-location-name"
	// LabelNodeTemplateName carries the name of the NodeTemplate of a Node.
	LabelNodeTemplateName = "omni.cast.ai/node-template-name"
	// LabelCSP carries the cloud of a Node in lower case, for example "aws".
	LabelCSP = "omni.cast.ai/csp"
	// LabelCapacityType carries "spot" or "on-demand".
	LabelCapacityType = "omni.cast.ai/capacity-type"

	// LabelGPUName, LabelGPUCount and LabelGPUMemory tell the GPUs of a Node: their
	// model, for example "L4", their number, and the memory of one of them in MiB.
	// A Node without GPUs has none of them.
	LabelGPUName   = "omni.cast.ai/gpu-name"
	LabelGPUCount  = "omni.cast.ai/gpu-count"
	LabelGPUMemory = "omni.cast.ai/gpu-memory"

	// TaintStartup keeps pods off the Node of an edge until those it was bought for
	// are there. Admission puts it on the Node when it is created, with the UID of
	// the Edge for its value; OMNI takes it off. Effect NoSchedule.
	TaintStartup = "omni.cast.ai/startup"

	// LabelPodGroup on pods of a namespace: machines are bought for all of them or
	// for none.
	LabelPodGroup = "omni.cast.ai/pod-group"
	// AnnotationPodGroupMinAvailable on a pod of a group: so many of its pods are
	// enough. Without it all that are pending are needed.
	AnnotationPodGroupMinAvailable = "omni.cast.ai/pod-group-min-available"

	// TaintEdge keeps every pod off an edge Node that did not opt in.
	// Value "true", effect NoExecute.
	TaintEdge = "virtual-node.omni.cast.ai/not-allowed"

	// FinalizerCleanup holds an object until what it owns outside is gone.
	FinalizerCleanup = "omni.cast.ai/cleanup"

	// TagClusterID, TagNamespace and TagEdgeLocation are on every cloud resource
	// OMNI makes: the main cluster, and the namespace and name of the
	// EdgeLocation. Resources are found again by the three together.
	TagClusterID    = "omni.cast.ai/cluster-id"
	TagNamespace    = "omni.cast.ai/namespace"
	TagEdgeLocation = "omni.cast.ai/edge-location"
	// TagEdgeID is on every machine and carries the UID of its Edge.
	TagEdgeID = "omni.cast.ai/edge-id"

	// ProviderIDPrefix starts spec.providerID of every edge Node.
	ProviderIDPrefix = "castai-omni://"
	// NodeNamePrefix starts the name of every edge Node: cast-<edge uid>.
	NodeNamePrefix = "cast-"
)

// EdgeNodeName is the name of the Node of the Edge with this UID, in the main
// cluster and in the edge cluster alike.
func EdgeNodeName(uid string) string { return NodeNamePrefix + uid }

const (
	// ConsoleOutputPath is where omni-controller answers omni-apiserver with the
	// console of an edge's machine: <path><namespace>/<name>. In RBAC it is the
	// nonResourceURL /console-output/*.
	ConsoleOutputPath = "/console-output/"

	// JoinCommandPath is where omni-controller answers omni-apiserver with the
	// join command of an edge: <path><namespace>/<name>. In RBAC it is the
	// nonResourceURL /join-command/*, verb post.
	JoinCommandPath = "/join-command/"

	// MaxConsoleOutputBytes bounds a console; the beginning is left out. The
	// clouds keep 64 KiB (AWS) to 1 MiB (GCP).
	MaxConsoleOutputBytes = 1 << 20
)
