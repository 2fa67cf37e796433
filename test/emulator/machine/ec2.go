// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// EC2 is the Cloud behind an EC2 endpoint.
type EC2 struct{ Client *ec2.Client }

// Running returns the running instances that carry an Edge's UID.
func (c EC2) Running(ctx context.Context) ([]string, error) {
	var ids []string
	pages := ec2.NewDescribeInstancesPaginator(c.Client, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		{Name: aws.String("tag-key"), Values: []string{v1beta1.TagEdgeID}},
		{Name: aws.String("instance-state-name"), Values: []string{string(types.InstanceStateNameRunning)}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				ids = append(ids, *i.InstanceId)
			}
		}
	}
	return ids, nil
}

// Instance describes an instance, its type and its disks.
func (c EC2) Instance(ctx context.Context, id string) (Instance, error) {
	out, err := c.Client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		return Instance{}, err
	}
	if len(out.Reservations) != 1 || len(out.Reservations[0].Instances) != 1 {
		return Instance{}, fmt.Errorf("instance %s: not found", id)
	}
	i := out.Reservations[0].Instances[0]
	hardware, err := c.Client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{i.InstanceType}})
	if err != nil {
		return Instance{}, err
	}
	if len(hardware.InstanceTypes) != 1 {
		return Instance{}, fmt.Errorf("instance type %s: not found", i.InstanceType)
	}
	disk, err := c.diskGiB(ctx, id)
	if err != nil {
		return Instance{}, err
	}
	architecture := "amd64"
	if i.Architecture == types.ArchitectureValuesArm64 {
		architecture = "arm64"
	}
	h := hardware.InstanceTypes[0]
	return Instance{
		ID: id, InstanceType: string(i.InstanceType), Architecture: architecture, PrivateIP: aws.ToString(i.PrivateIpAddress),
		VCPUs: int64(*h.VCpuInfo.DefaultVCpus), MemoryMiB: *h.MemoryInfo.SizeInMiB, DiskGiB: disk,
	}, nil
}

// diskGiB is the size of the disks of an instance, which has its root disk only.
func (c EC2) diskGiB(ctx context.Context, id string) (int64, error) {
	out, err := c.Client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: []types.Filter{
		{Name: aws.String("attachment.instance-id"), Values: []string{id}},
	}})
	if err != nil {
		return 0, err
	}
	size := int64(0)
	for _, v := range out.Volumes {
		size += int64(aws.ToInt32(v.Size))
	}
	return size, nil
}

// UserData returns the user data of an instance.
func (c EC2) UserData(ctx context.Context, id string) ([]byte, error) {
	out, err := c.Client.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
		InstanceId: &id, Attribute: types.InstanceAttributeNameUserData,
	})
	if err != nil {
		return nil, err
	}
	if out.UserData == nil {
		return nil, errors.New("the instance has none")
	}
	return base64.StdEncoding.DecodeString(aws.ToString(out.UserData.Value))
}
