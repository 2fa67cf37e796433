// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	mebibyte = 1 << 20

	// vmOverheadPerMille is the part of the advertised memory that a Node does not
	// report, because the hypervisor, the firmware and the kernel keep it. It is an
	// upper bound that holds for small machines too: Karpenter's default
	// VM_MEMORY_OVERHEAD_PERCENT, 0.075, for EC2. It is taken for GCP and OCI too,
	// which document none.
	// https://karpenter.sh/docs/reference/settings/
	vmOverheadPerMille = 75

	// defaultMaxPods and defaultEviction are those of a kubelet that is told
	// nothing: maxPods 110, memory.available<100Mi.
	// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
	defaultMaxPods  = 110
	defaultEviction = 100 * mebibyte
)

// Allocatable estimates what pods can use of a machine that is not there yet: its
// capacity as the Node will report it, less the kubelet's eviction threshold.
// Nothing else is kept: pkg/edgecluster/userdata.go joins machines by kubeadm and
// tells the kubelet nothing, so that kubeReserved and systemReserved are empty.
// https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
func Allocatable(t *Type) corev1.ResourceList {
	memory := max(0, t.MemoryBytes*(1000-vmOverheadPerMille)/1000-defaultEviction)
	list := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(t.VCPU, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(memory, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(defaultMaxPods, resource.DecimalSI),
	}
	if t.GPUs > 0 {
		list["nvidia.com/gpu"] = *resource.NewQuantity(t.GPUs, resource.DecimalSI)
	}
	return list
}
