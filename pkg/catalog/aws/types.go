// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/catalog"
)

// Sizes of pages: the greatest there are.
const (
	typesPerPage     = 100
	offeringsPerPage = 1000
	spotsPerPage     = 1000
)

// types are those an Ubuntu image can boot on.
func (l *Lister) types(ctx context.Context) ([]catalog.Type, int, error) {
	var all []catalog.Type
	pages := ec2.NewDescribeInstanceTypesPaginator(l.ec2, &ec2.DescribeInstanceTypesInput{MaxResults: aws.Int32(typesPerPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, err
		}
		for i := range page.InstanceTypes {
			if t, ok := machineType(&page.InstanceTypes[i]); ok {
				all = append(all, t)
			}
		}
	}
	return all, len(all), nil
}

// architectures in Kubernetes' words. Macs and 32-bit machines run no edge.
var architectures = map[types.ArchitectureType]string{
	types.ArchitectureTypeX8664: "amd64",
	types.ArchitectureTypeArm64: "arm64",
}

func machineType(info *types.InstanceTypeInfo) (catalog.Type, bool) {
	name := string(info.InstanceType)
	t := catalog.Type{InstanceType: name, Family: catalog.Family("AWS", name)}
	if info.ProcessorInfo == nil || info.VCpuInfo == nil || info.MemoryInfo == nil {
		return t, false
	}
	for _, architecture := range info.ProcessorInfo.SupportedArchitectures {
		if known, ok := architectures[architecture]; ok {
			t.Architecture = known
		}
	}
	t.VCPU = int64(aws.ToInt32(info.VCpuInfo.DefaultVCpus))
	t.MemoryBytes = aws.ToInt64(info.MemoryInfo.SizeInMiB) << 20
	if info.GpuInfo != nil {
		addGPUs(&t, info.GpuInfo.Gpus)
	}
	hvm := slices.Contains(info.SupportedVirtualizationTypes, types.VirtualizationTypeHvm)
	return t, hvm && t.Architecture != "" && t.VCPU > 0 && t.MemoryBytes > 0
}

// addGPUs counts those of NVIDIA: edges have drivers for no others.
func addGPUs(t *catalog.Type, gpus []types.GpuDeviceInfo) {
	for i := range gpus {
		if aws.ToString(gpus[i].Manufacturer) != "NVIDIA" {
			continue
		}
		t.GPUs += int64(aws.ToInt32(gpus[i].Count))
		t.GPUName = aws.ToString(gpus[i].Name)
		if gpus[i].MemoryInfo != nil {
			t.GPUMemoryBytes = int64(aws.ToInt32(gpus[i].MemoryInfo.SizeInMiB)) << 20
		}
	}
}

// zones in which each type is offered, sorted.
func (l *Lister) zones(ctx context.Context) (map[string][]string, int, error) {
	zones := map[string][]string{}
	pages := ec2.NewDescribeInstanceTypeOfferingsPaginator(l.ec2, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone, MaxResults: aws.Int32(offeringsPerPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, err
		}
		for _, offering := range page.InstanceTypeOfferings {
			name := string(offering.InstanceType)
			zones[name] = append(zones[name], aws.ToString(offering.Location))
		}
	}
	for _, list := range zones {
		slices.Sort(list)
	}
	return zones, len(zones), nil
}
