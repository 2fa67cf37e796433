// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// TestAllocatable: memory is 92.5 % of what is advertised, before anything is kept.
func TestAllocatable(t *testing.T) {
	daemons := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("150m"), corev1.ResourceMemory: resource.MustParse("200Mi"), corev1.ResourcePods: resource.MustParse("3"),
	}
	const gi = gibibyte
	for name, test := range map[string]struct {
		machine       Machine
		reservation   Reservation
		daemons       corev1.ResourceList
		milliCPU, mib int64
		pods, gpus    int64
	}{
		"edge":                         {Machine{2, 8 * gi, 0}, Kubeadm, nil, 2000, 7577 - 100, 110, 0},
		"edge with GPUs":               {Machine{4, 16 * gi, 1}, Kubeadm, nil, 4000, 15155 - 100, 110, 1},
		"edge with DaemonSets":         {Machine{2, 8 * gi, 0}, Kubeadm, daemons, 1850, 7577 - 300, 107, 0},
		"EKS, one core":                {Machine{1, 8 * gi, 0}, EKS, nil, 940, 7577 - 100 - 1465, 110, 0},
		"EKS, two cores":               {Machine{2, 8 * gi, 0}, EKS, nil, 1930, 7577 - 100 - 1465, 110, 0},
		"EKS, eight cores":             {Machine{8, 32 * gi, 0}, EKS, nil, 7910, 30310 - 100 - 1465, 110, 0},
		"GKE, 4 GiB":                   {Machine{2, 4 * gi, 0}, GKE, nil, 1930, 3788 - 100 - 1024, 110, 0},
		"GKE, 32 GiB":                  {Machine{8, 32 * gi, 0}, GKE, nil, 7910, 30310 - 100 - 1024 - 820 - 819 - 983, 110, 0},
		"GKE, 256 GiB":                 {Machine{32, 256 * gi, 0}, GKE, nil, 31850, 242483 - 100 - 1024 - 820 - 819 - 6881 - 2621, 110, 0},
		"too small for what is kept":   {Machine{1, gi, 0}, EKS, nil, 940, 0, 110, 0},
		"too small for its DaemonSets": {Machine{0, gi / 4, 0}, Kubeadm, daemons, 0, 0, 107, 0},
	} {
		got := Allocatable(test.machine, test.reservation, test.daemons)
		gpus := got["nvidia.com/gpu"]
		mib := got.Memory().Value() >> 20
		if got.Cpu().MilliValue() != test.milliCPU || mib < test.mib-1 || mib > test.mib+1 || got.Pods().Value() != test.pods || gpus.Value() != test.gpus {
			t.Errorf("%s: %dm, %d MiB, %d pods, %d GPUs; want %+v", name, got.Cpu().MilliValue(), mib, got.Pods().Value(), gpus.Value(), test)
		}
	}
}
