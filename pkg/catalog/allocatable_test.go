// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "testing"

// TestAllocatable: memory is 92.5 % of what is advertised, less 100 MiB.
func TestAllocatable(t *testing.T) {
	const gibibyte = 1 << 30
	for name, test := range map[string]struct {
		machine             Type
		milliCPU, mib, gpus int64
	}{
		"2 vCPUs":   {Type{VCPU: 2, MemoryBytes: 8 * gibibyte}, 2000, 7577 - 100, 0},
		"with GPUs": {Type{VCPU: 4, MemoryBytes: 16 * gibibyte, GPUs: 1}, 4000, 15155 - 100, 1},
		"too small": {Type{VCPU: 1, MemoryBytes: 64 * mebibyte}, 1000, 0, 0},
	} {
		got := Allocatable(&test.machine)
		gpus := got["nvidia.com/gpu"]
		mib := got.Memory().Value() >> 20
		if got.Cpu().MilliValue() != test.milliCPU || mib < test.mib-1 || mib > test.mib+1 || got.Pods().Value() != defaultMaxPods || gpus.Value() != test.gpus {
			t.Errorf("%s: %dm, %d MiB, %d pods, %d GPUs; want %+v", name, got.Cpu().MilliValue(), mib, got.Pods().Value(), gpus.Value(), test)
		}
	}
}
