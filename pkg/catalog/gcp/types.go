// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/api/compute/v1"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister"
	"github.com/castai/omni/pkg/cloud"
)

// maxTypesPerPage is the greatest there is.
// https://cloud.google.com/compute/docs/reference/rest/v1/machineTypes/aggregatedList
const maxTypesPerPage = 500

type machine = lister.Machine[parts]

// parts of a machine type that its price is made of, beside vCPUs and memory.
type parts struct {
	// gpu is the name of its GPU in the price list; empty: it has none.
	gpu string
	// ssdGiB is the local disk that comes with the type and is paid for apart.
	ssdGiB int64
}

const gibibyte = 1 << 30

// accelerator is a GPU of Google Cloud: its model, its memory (data sheets of the
// maker: the API does not tell) and its name in the price list.
type accelerator struct {
	model     string
	memoryGiB int64
	sku       string
}

// accelerators by guestAcceleratorType, those that come with a machine type.
// https://cloud.google.com/compute/docs/gpus
var accelerators = map[string]accelerator{
	"nvidia-l4":             {"L4", 24, "Nvidia L4 GPU"},
	"nvidia-tesla-a100":     {"A100", 40, "Nvidia Tesla A100 GPU"},
	"nvidia-a100-80gb":      {"A100", 80, "Nvidia Tesla A100 80GB GPU"},
	"nvidia-h100-80gb":      {"H100", 80, "Nvidia H100 80GB GPU"},
	"nvidia-h100-mega-80gb": {"H100", 80, "Nvidia H100 80GB Mega GPU"},
	"nvidia-h200-141gb":     {"H200", 141, "H200 141GB GPU"},
	"nvidia-b200":           {"B200", 180, "A4 Nvidia B200 (1 gpu slice)"},
	"nvidia-rtx-pro-6000":   {"RTX PRO 6000", 96, "RTX 6000 96GB"},
}

// architectures in Kubernetes' words.
var architectures = map[string]string{"X86_64": "amd64", "ARM64": "arm64"}

// machines of the region, sorted by name. A zone that does not answer fails all:
// its machines would look as if they were gone.
func (l *Lister) machines(ctx context.Context) ([]*machine, error) {
	all := map[string]*machine{}
	call := l.compute.MachineTypes.AggregatedList(l.project).
		Filter(fmt.Sprintf(`zone eq ".*%s-.*"`, l.region)).MaxResults(l.typesPerPage)
	for more := true; more; {
		var page *compute.MachineTypeAggregatedList
		err := l.asker.Page(ctx, func(ctx context.Context) (err error) {
			page, err = call.Context(ctx).Do()
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := l.add(all, page); err != nil {
			return nil, err
		}
		call, more = call.PageToken(page.NextPageToken), page.NextPageToken != ""
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *machine) int { return cmp.Compare(a.InstanceType, b.InstanceType) }), nil
}

// add takes the machine types of a page.
func (l *Lister) add(all map[string]*machine, page *compute.MachineTypeAggregatedList) error {
	for _, scope := range page.Unreachables {
		if strings.Contains(scope, l.region+"-") {
			return unreachable(scope)
		}
	}
	for scope, list := range page.Items {
		zone := strings.TrimPrefix(scope, "zones/")
		if !strings.HasPrefix(zone, l.region+"-") {
			continue
		}
		if list.Warning != nil && list.Warning.Code == "UNREACHABLE" {
			return unreachable(scope)
		}
		for _, t := range list.MachineTypes {
			if m, ok := machineType(t); ok {
				if all[t.Name] == nil {
					all[t.Name] = m
				}
				all[t.Name].Zones = append(all[t.Name].Zones, zone)
			}
		}
	}
	return nil
}

func unreachable(scope string) error {
	return &cloud.Error{Class: cloud.ClassTransient, Code: "UNREACHABLE", Err: fmt.Errorf("machine types of %s cannot be listed now", scope)}
}

// ssdPartitionGiB is the size of a local SSD.
// https://cloud.google.com/compute/docs/disks/local-ssd
const ssdPartitionGiB = 375

// machineType leaves out what runs no edge, and machines of shared cores: they have
// two vCPUs for a fraction of the time, and are priced by that fraction, so that
// they look cheaper than what they do.
// https://cloud.google.com/compute/docs/general-purpose-machines#sharedcore
func machineType(t *compute.MachineType) (*machine, bool) {
	m := &machine{Type: catalog.Type{
		InstanceType: t.Name, Family: catalog.Family("GCP", t.Name), Architecture: architectures[t.Architecture],
		VCPU: t.GuestCpus, MemoryBytes: t.MemoryMb << 20,
	}}
	for _, a := range t.Accelerators {
		gpu, known := accelerators[a.GuestAcceleratorType]
		if !known {
			return nil, false // a TPU, or a GPU whose price nobody could tell
		}
		m.GPUs, m.GPUName, m.GPUMemoryBytes, m.Parts.gpu = a.GuestAcceleratorCount, gpu.model, gpu.memoryGiB*gibibyte, gpu.sku
	}
	if t.BundledLocalSsds != nil {
		m.Parts.ssdGiB = t.BundledLocalSsds.PartitionCount * ssdPartitionGiB
	}
	withdrawn := t.Deprecated != nil && t.Deprecated.State != "" && t.Deprecated.State != "ACTIVE"
	return m, m.Architecture != "" && m.VCPU > 0 && m.MemoryBytes > 0 && !t.IsSharedCpu && !withdrawn
}
