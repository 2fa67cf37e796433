// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister"
	"github.com/castai/omni/pkg/cloud/oci/shape"
)

type machine = lister.Machine[parts]

// parts of a machine that its price is made of, beside memory and GPUs.
type parts struct {
	*family
	ocpus float64
}

// vCPUs and gibPerVCPU are the sizes of flexible shapes that are offered: any can be
// had, but a list has to end. They are those of other clouds' machines.
var (
	vCPUs      = []int{1, 2, 4, 6, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128}
	gibPerVCPU = []int{2, 4, 8, 16}
)

const gibibyte = 1 << 30

// machines of the region, sorted by name. A domain that does not answer fails all:
// its machines would look as if they were gone.
func (l *Lister) machines(ctx context.Context) ([]*machine, error) {
	var domains identity.ListAvailabilityDomainsResponse
	err := l.asker.Page(ctx, func(ctx context.Context) (err error) {
		domains, err = l.Identity.ListAvailabilityDomains(ctx, identity.ListAvailabilityDomainsRequest{CompartmentId: &l.CompartmentID})
		return err
	})
	if err != nil {
		return nil, err
	}
	all := map[string]*machine{}
	for _, domain := range domains.Items {
		zone := l.Zone(*domain.Name)
		err := l.shapes(ctx, *domain.Name, func(s *core.Shape) {
			for _, m := range sizes(s) {
				if all[m.InstanceType] == nil {
					all[m.InstanceType] = m
				}
				all[m.InstanceType].Zones = append(all[m.InstanceType].Zones, zone)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *machine) int { return cmp.Compare(a.InstanceType, b.InstanceType) }), nil
}

// shapes of a domain.
func (l *Lister) shapes(ctx context.Context, domain string, see func(*core.Shape)) error {
	request := core.ListShapesRequest{CompartmentId: &l.CompartmentID, AvailabilityDomain: &domain}
	for more := true; more; {
		var page core.ListShapesResponse
		err := l.asker.Page(ctx, func(ctx context.Context) (err error) {
			page, err = l.Compute.ListShapes(ctx, request)
			return err
		})
		if err != nil {
			return err
		}
		for i := range page.Items {
			see(&page.Items[i])
		}
		request.Page, more = page.OpcNextPage, page.OpcNextPage != nil
	}
	return nil
}

// sizes are the machines of a shape. A shape that is not in the table of prices has
// none.
func sizes(s *core.Shape) []*machine {
	name := value(s.Shape)
	family := families[catalog.Family("OCI", name)]
	if family == nil || s.BillingType == core.ShapeBillingTypeAlwaysFree {
		return nil
	}
	if !value(s.IsFlexible) {
		return []*machine{newMachine(s, family, float64(value(s.Ocpus)), float64(value(s.MemoryInGBs)))}
	}
	var all []*machine
	per := shape.VCPUsPerOCPU(name)
	for _, n := range vCPUs {
		for _, gib := range gibPerVCPU {
			ocpus, memory := float64(n)/float64(per), float64(n*gib)
			if n%per == 0 && allows(s, ocpus, memory) {
				all = append(all, newMachine(s, family, ocpus, memory))
			}
		}
	}
	return all
}

// allows says whether a flexible shape can have the size.
func allows(s *core.Shape, ocpus, memoryGB float64) bool {
	o, m := s.OcpuOptions, s.MemoryOptions
	return o != nil && m != nil &&
		within(ocpus, o.Min, o.Max) && within(memoryGB, m.MinInGBs, m.MaxInGBs) &&
		within(memoryGB/ocpus, m.MinPerOcpuInGBs, m.MaxPerOcpuInGBs)
}

func within(n float64, least, most *float32) bool {
	return (least == nil || n >= float64(*least)) && (most == nil || n <= float64(*most))
}

// newMachine of a size. What Oracle calls a GB of memory is a GiB.
func newMachine(s *core.Shape, f *family, ocpus, memoryGB float64) *machine {
	name := value(s.Shape)
	vcpus := int(ocpus) * shape.VCPUsPerOCPU(name)
	t := catalog.Type{
		InstanceType: shape.Of(name, vcpus, int(memoryGB)).String(), Family: catalog.Family("OCI", name),
		Architecture: "amd64", VCPU: int64(vcpus), MemoryBytes: int64(memoryGB) * gibibyte,
		GPUs: int64(value(s.Gpus)),
	}
	if strings.Contains(value(s.ProcessorDescription), "Ampere") {
		t.Architecture = "arm64"
	}
	if t.GPUs > 0 {
		t.GPUName, t.GPUMemoryBytes = f.gpuModel, f.gpuGiB*gibibyte
	}
	return &machine{Type: t, Parts: parts{f, ocpus}}
}

// value of an optional field; what is absent is zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
