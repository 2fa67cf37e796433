// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Machine is what Allocatable has to know of a type.
type Machine struct {
	VCPU, MemoryBytes, GPUs int64
}

// Reservation says what a kubelet keeps for itself and the system. Its functions
// may be nil: nothing is kept.
type Reservation struct {
	// MilliCPU and MemoryBytes kept of a machine (kubeReserved and systemReserved
	// together).
	MilliCPU    func(vcpu int64) int64
	MemoryBytes func(memoryBytes int64) int64
	// EvictionBytes is the hard eviction threshold of memory.available.
	EvictionBytes int64
	// MaxPods the kubelet runs.
	MaxPods int64
}

const (
	mebibyte = 1 << 20
	gibibyte = 1 << 30

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

// The reservations of the machines there are.
var (
	// Kubeadm is that of our edges on every cloud: pkg/edgecluster/userdata.go joins
	// them by kubeadm and tells the kubelet nothing, so that kubeReserved and
	// systemReserved are empty.
	Kubeadm = Reservation{EvictionBytes: defaultEviction, MaxPods: defaultMaxPods}

	// EKS is that of Amazon's machine images with 110 pods: 6 % of the first core,
	// 1 % of the second, 0.5 % of the next two and 0.25 % of the rest; 255 MiB and
	// 11 MiB a pod.
	// https://github.com/awslabs/amazon-eks-ami (nodeadm, kubelet defaults)
	EKS = Reservation{
		MilliCPU:      coreTiers,
		MemoryBytes:   func(int64) int64 { return (255 + 11*defaultMaxPods) * mebibyte },
		EvictionBytes: defaultEviction, MaxPods: defaultMaxPods,
	}

	// GKE is that of Google's node images: the same tiers of cores; 25 % of the first
	// 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112 and 2 % of
	// what is above 128 GiB.
	// https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes
	GKE = Reservation{MilliCPU: coreTiers, MemoryBytes: memoryTiers, EvictionBytes: defaultEviction, MaxPods: defaultMaxPods}
)

// Allocatable estimates what pods can use of a machine that is not there yet:
// its capacity as the Node will report it, less the kubelet's reservation and
// eviction threshold, less daemons, which is what the DaemonSets that will run on
// it request (nil: none).
// https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
func Allocatable(m Machine, r Reservation, daemons corev1.ResourceList) corev1.ResourceList {
	milliCPU := m.VCPU * 1000
	if r.MilliCPU != nil {
		milliCPU -= r.MilliCPU(m.VCPU)
	}
	memory := m.MemoryBytes*(1000-vmOverheadPerMille)/1000 - r.EvictionBytes
	if r.MemoryBytes != nil {
		memory -= r.MemoryBytes(m.MemoryBytes)
	}
	list := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(milliCPU, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(memory, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(r.MaxPods, resource.DecimalSI),
	}
	if m.GPUs > 0 {
		list["nvidia.com/gpu"] = *resource.NewQuantity(m.GPUs, resource.DecimalSI)
	}
	for name, quantity := range list {
		quantity.Sub(daemons[name])
		if quantity.Sign() < 0 {
			quantity.Set(0)
		}
		list[name] = quantity
	}
	return list
}

// tier keeps a part of what lies below a bound and above the tier before.
type tier struct{ upTo, perTenThousand int64 }

// reserved adds the tiers up.
func reserved(amount int64, tiers []tier, above int64) (sum int64) {
	from := int64(0)
	for _, t := range tiers {
		if amount <= from {
			return sum
		}
		sum += (min(amount, t.upTo) - from) * t.perTenThousand / 10000
		from = t.upTo
	}
	return sum + max(0, amount-from)*above/10000
}

// coreTiers are those that EKS and GKE share, in thousandths of a core.
func coreTiers(vcpu int64) int64 {
	// In millionths of a core until the end: 2.5 millicores are not rounded each.
	return reserved(vcpu*1_000_000, []tier{{1_000_000, 600}, {2_000_000, 100}, {4_000_000, 50}}, 25) / 1000
}

func memoryTiers(memoryBytes int64) int64 {
	return reserved(memoryBytes, []tier{{4 * gibibyte, 2500}, {8 * gibibyte, 2000}, {16 * gibibyte, 1000}, {128 * gibibyte, 600}}, 200)
}
