// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/aws/awstest"
)

// TestDisk: a disk is as large as asked for, but never smaller than what the image
// puts on it, as those with drivers would be by default.
func TestDisk(t *testing.T) {
	endpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	p := provider(t, location(t, endpoint))
	client := ec2.NewFromConfig(awstest.Config(endpoint))
	image, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "amd64", GPU: true})
	if err != nil {
		t.Fatal(err)
	}
	images, err := client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{image}})
	if err != nil || len(images.Images) != 1 || len(images.Images[0].BlockDeviceMappings) == 0 {
		t.Fatalf("%+v, %v", images, err)
	}
	least := awssdk.ToInt32(images.Images[0].BlockDeviceMappings[0].Ebs.VolumeSize)
	for token, tc := range map[string]struct{ asked, want int32 }{
		"small": {least - 1, least}, "large": {least + 100, least + 100},
	} {
		machine, err := p.Launch(t.Context(), cloud.LaunchRequest{
			ClientToken: token, EdgeUID: token, Name: "cast-" + token, InstanceType: "g4dn.xlarge", Zone: zone, Image: image,
			CapacityType: "on-demand", DiskGiB: tc.asked,
		})
		if err != nil {
			t.Fatal(err)
		}
		volumes, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: []types.Filter{
			{Name: awssdk.String("attachment.instance-id"), Values: []string{machine.ID}},
		}})
		if err != nil || len(volumes.Volumes) != 1 || awssdk.ToInt32(volumes.Volumes[0].Size) != tc.want {
			t.Errorf("%s: %+v, %v, want %d GiB", token, volumes, err, tc.want)
		}
	}
}
