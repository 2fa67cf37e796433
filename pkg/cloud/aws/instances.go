// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
)

// Launch implements cloud.Provider.
func (p *Provider) Launch(ctx context.Context, r cloud.LaunchRequest) (*cloud.Instance, error) {
	subnet, ok := p.location.SubnetIDs[r.Zone]
	if !ok {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"spec.aws.subnetIDs has no subnet in zone %q, only in %q", r.Zone, slices.Sorted(maps.Keys(p.location.SubnetIDs)))}
	}
	root, err := p.rootDisk(ctx, r)
	if err != nil {
		return nil, err
	}
	out, err := p.ec2.RunInstances(ctx, p.runInput(r, subnet, root))
	if err != nil {
		return nil, classify(err)
	}
	if len(out.Instances) != 1 {
		return nil, &cloud.Error{Class: cloud.ClassTransient, Err: fmt.Errorf("RunInstances answered with %d instances, want 1", len(out.Instances))}
	}
	return instance(&out.Instances[0]), nil
}

func (p *Provider) runInput(r cloud.LaunchRequest, subnet string, root disk) *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ClientToken:  &r.ClientToken,
		ImageId:      &r.Image,
		InstanceType: types.InstanceType(r.InstanceType),
		MinCount:     aws.Int32(1),
		MaxCount:     aws.Int32(1),
		UserData:     aws.String(base64.StdEncoding.EncodeToString(r.UserData)),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{
			DeviceIndex:              aws.Int32(0),
			SubnetId:                 &subnet,
			Groups:                   []string{p.location.SecurityGroupID},
			AssociatePublicIpAddress: aws.Bool(false),
		}},
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: &root.device,
			Ebs: &types.EbsBlockDevice{
				VolumeSize: &root.sizeGiB, VolumeType: types.VolumeTypeGp3,
				Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true),
			},
		}},
		// Pods are one hop further than the machine: they cannot read its
		// metadata, which holds the bootstrap token.
		MetadataOptions: &types.InstanceMetadataOptionsRequest{
			HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1),
		},
		InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorTerminate,
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: p.tags(r)},
			{ResourceType: types.ResourceTypeVolume, Tags: p.tags(r)},
		},
	}
	if p.location.InstanceProfile != "" {
		in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: &p.location.InstanceProfile}
	}
	if r.CapacityType == string(v1beta1.CapacitySpot) {
		in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{
			MarketType: types.MarketTypeSpot,
			SpotOptions: &types.SpotMarketOptions{
				SpotInstanceType: types.SpotInstanceTypeOneTime, InstanceInterruptionBehavior: types.InstanceInterruptionBehaviorTerminate,
			},
		}
	}
	return in
}

// tags are sorted, because a repeated request must be equal to the first.
func (p *Provider) tags(r cloud.LaunchRequest) []types.Tag {
	all := maps.Clone(r.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, map[string]string{
		"Name":                  r.Name,
		v1beta1.TagClusterID:    p.location.ClusterID,
		v1beta1.TagNamespace:    p.location.Namespace,
		v1beta1.TagEdgeLocation: p.location.Name,
		v1beta1.TagEdgeID:       r.EdgeUID,
	})
	tags := make([]types.Tag, 0, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		tags = append(tags, types.Tag{Key: aws.String(key), Value: aws.String(all[key])})
	}
	return tags
}

// disk is the root disk of a machine.
type disk struct {
	device  string
	sizeGiB int32
}

// rootDisk asks for the image's own name of its root disk, which differs between
// image families, and for the size of what is on it: images for GPUs need more
// than others, and a disk cannot be smaller.
func (p *Provider) rootDisk(ctx context.Context, r cloud.LaunchRequest) (disk, error) {
	out, err := p.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{r.Image}})
	if err != nil {
		return disk{}, classify(err)
	}
	if len(out.Images) == 0 {
		return disk{}, &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf("image %s does not exist in %s", r.Image, p.location.Region)}
	}
	image := &out.Images[0]
	root := disk{device: aws.ToString(image.RootDeviceName), sizeGiB: r.DiskGiB}
	for _, mapping := range image.BlockDeviceMappings {
		if mapping.Ebs != nil && aws.ToString(mapping.DeviceName) == root.device {
			root.sizeGiB = max(root.sizeGiB, aws.ToInt32(mapping.Ebs.VolumeSize))
		}
	}
	return root, nil
}

// Get implements cloud.Provider.
func (p *Provider) Get(ctx context.Context, id string) (*cloud.Instance, error) {
	out, err := p.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		if isNotFound(err) {
			return nil, nil
		}
		return nil, classify(err)
	}
	for _, reservation := range out.Reservations {
		for i := range reservation.Instances {
			return instance(&reservation.Instances[i]), nil
		}
	}
	return nil, nil
}

// FindByEdge implements cloud.Provider.
func (p *Provider) FindByEdge(ctx context.Context, edgeUID string) (*cloud.Instance, error) {
	found, err := p.describe(ctx, tagFilter(v1beta1.TagEdgeID, edgeUID))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// List implements cloud.Provider.
func (p *Provider) List(ctx context.Context) ([]cloud.Instance, error) {
	return p.describe(ctx)
}

// describe returns the living machines of the location.
func (p *Provider) describe(ctx context.Context, filters ...types.Filter) ([]cloud.Instance, error) {
	filters = append(filters,
		tagFilter(v1beta1.TagClusterID, p.location.ClusterID),
		tagFilter(v1beta1.TagNamespace, p.location.Namespace),
		tagFilter(v1beta1.TagEdgeLocation, p.location.Name),
		types.Filter{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped", "shutting-down"}},
	)
	var found []cloud.Instance
	pages := ec2.NewDescribeInstancesPaginator(p.ec2, &ec2.DescribeInstancesInput{Filters: filters})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(err)
		}
		for _, reservation := range page.Reservations {
			for i := range reservation.Instances {
				found = append(found, *instance(&reservation.Instances[i]))
			}
		}
	}
	return found, nil
}

func tagFilter(key, value string) types.Filter {
	return types.Filter{Name: aws.String("tag:" + key), Values: []string{value}}
}

// Terminate implements cloud.Provider.
func (p *Provider) Terminate(ctx context.Context, id string) error {
	_, err := p.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	if err == nil || isNotFound(err) {
		return nil
	}
	err = classify(err)
	if cloud.ClassOf(err) == cloud.ClassAuth {
		// The role may terminate what has the location's tags; a machine that
		// does not exist has none.
		if there, getErr := p.Get(ctx, id); there == nil && getErr == nil {
			return nil
		}
	}
	return err
}

// ConsoleOutput implements cloud.Provider.
func (p *Provider) ConsoleOutput(ctx context.Context, id string) (string, error) {
	out, err := p.ec2.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: &id})
	if err != nil {
		return "", classify(err)
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil {
		return "", &cloud.Error{Class: cloud.ClassTransient, Err: fmt.Errorf("decode the console output: %w", err)}
	}
	return string(text), nil
}

func instance(in *types.Instance) *cloud.Instance {
	out := &cloud.Instance{
		ID: aws.ToString(in.InstanceId), InstanceType: string(in.InstanceType), LaunchTime: aws.ToTime(in.LaunchTime),
	}
	if in.Placement != nil {
		out.Zone = aws.ToString(in.Placement.AvailabilityZone)
	}
	for _, tag := range in.Tags {
		if aws.ToString(tag.Key) == v1beta1.TagEdgeID {
			out.EdgeUID = aws.ToString(tag.Value)
		}
	}
	if in.State != nil {
		out.State = state(in.State.Name)
	}
	return out
}

// state maps EC2's states.
func state(name types.InstanceStateName) cloud.InstanceState {
	switch name {
	case types.InstanceStateNamePending:
		return cloud.StatePending
	case types.InstanceStateNameRunning:
		return cloud.StateRunning
	case types.InstanceStateNameStopping, types.InstanceStateNameStopped:
		return cloud.StateStopped
	case types.InstanceStateNameTerminated:
		return cloud.StateTerminated
	default:
		return cloud.StateTerminating
	}
}
