// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Instance is a machine as its cloud describes it.
type Instance struct {
	ID           string
	InstanceType string
	// Architecture as Kubernetes names it: amd64 or arm64.
	Architecture string
	PrivateIP    string
	VCPUs        int64
	MemoryMiB    int64
	DiskGiB      int64
}

const (
	// memoryOverheadPerMille is what the hypervisor and the kernel keep of the
	// advertised memory, as an upper bound: Karpenter's default
	// VM_MEMORY_OVERHEAD_PERCENT, 0.075.
	// https://karpenter.sh/docs/reference/settings/
	memoryOverheadPerMille = 75

	// The eviction thresholds and the pod limit of a kubelet that is told nothing:
	// memory.available<100Mi, nodefs.available<10%, maxPods 110; kubeReserved and
	// systemReserved are empty. Allocatable is capacity less these.
	// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
	evictionMemoryMiB = 100
	evictionDiskPart  = 10
	maxPods           = 110
)

func (i Instance) capacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(i.VCPUs, resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(i.memoryBytes(), resource.BinarySI),
		corev1.ResourceEphemeralStorage: *resource.NewQuantity(i.DiskGiB<<30, resource.BinarySI),
		corev1.ResourcePods:             *resource.NewQuantity(maxPods, resource.DecimalSI),
	}
}

func (i Instance) allocatable() corev1.ResourceList {
	list := i.capacity()
	list[corev1.ResourceMemory] = *resource.NewQuantity(i.memoryBytes()-evictionMemoryMiB<<20, resource.BinarySI)
	list[corev1.ResourceEphemeralStorage] = *resource.NewQuantity(i.DiskGiB<<30/evictionDiskPart*(evictionDiskPart-1), resource.BinarySI)
	return list
}

func (i Instance) memoryBytes() int64 {
	return i.MemoryMiB * (1000 - memoryOverheadPerMille) / 1000 << 20
}

// node is what the kubelet registers. The annotation hands the pods, and only
// those, to kwok.
func (j *join) node(i Instance, kubelet Kubelet) *corev1.Node {
	labels := map[string]string{
		corev1.LabelHostname:           j.nodeName,
		corev1.LabelOSStable:           "linux",
		corev1.LabelArchStable:         i.Architecture,
		corev1.LabelInstanceTypeStable: i.InstanceType,
	}
	maps.Copy(labels, j.labels)
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        j.nodeName,
			Labels:      labels,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
		},
		Spec:   corev1.NodeSpec{ProviderID: j.providerID, Taints: j.taints},
		Status: corev1.NodeStatus{Capacity: i.capacity(), Allocatable: i.allocatable(), Addresses: kubelet.addresses(i, j.nodeName)},
	}
}

func (k Kubelet) addresses(i Instance, hostname string) []corev1.NodeAddress {
	ip := i.PrivateIP
	if k.Address != "" {
		ip = k.Address
	}
	return []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}, {Type: corev1.NodeHostName, Address: hostname}}
}

// status is the full status of a healthy node. since is when it became so.
func (j *join) status(i Instance, kubelet Kubelet, version string, now, since metav1.Time) corev1.NodeStatus {
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: now, LastTransitionTime: since}
	}
	return corev1.NodeStatus{
		Capacity:        i.capacity(),
		Allocatable:     i.allocatable(),
		Addresses:       kubelet.addresses(i, j.nodeName),
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: kubelet.Port}},
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "simulated"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "simulated"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "simulated"),
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "the machine simulator is posting ready status"),
		},
		NodeInfo: corev1.NodeSystemInfo{
			MachineID: i.ID, SystemUUID: i.ID, BootID: i.ID,
			OperatingSystem: "linux", Architecture: i.Architecture, OSImage: "OMNI machine simulator",
			KernelVersion: "simulated", ContainerRuntimeVersion: "kwok://simulated", KubeletVersion: version,
		},
	}
}
