// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/aws"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
)

const (
	// motoAccount is the account every request to moto belongs to.
	motoAccount = "123456789012"
	zone        = "us-west-2a"
)

// location returns a location in the default network of a fresh emulated AWS.
func location(t *testing.T, endpoint string) aws.Location {
	t.Helper()
	client := ec2.NewFromConfig(awstest.Config(endpoint))
	filter := types.Filter{Name: awssdk.String("availability-zone"), Values: []string{zone}}
	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter}})
	if err != nil || len(subnets.Subnets) == 0 {
		t.Fatalf("no default subnet: %v", err)
	}
	group, err := client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: awssdk.String("edges"), Description: awssdk.String("edges"), VpcId: subnets.Subnets[0].VpcId,
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Location{
		ClusterID: "main", Namespace: "team-a", Name: "aws-oregon", Region: awstest.Region, AccountID: motoAccount,
		SubnetIDs:       map[string]string{zone: awssdk.ToString(subnets.Subnets[0].SubnetId)},
		SecurityGroupID: awssdk.ToString(group.GroupId),
		AccessKeyID:     "test", SecretAccessKey: "test",
	}
}

func provider(t *testing.T, l aws.Location) *aws.Provider {
	t.Helper()
	p, err := aws.New(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestContract(t *testing.T) {
	endpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	l := location(t, endpoint)
	elsewhere := l
	elsewhere.Name = "aws-oregon-too"
	cloudtest.Run(t, cloudtest.Setup{
		Provider: provider(t, l), Elsewhere: provider(t, elsewhere), InstanceType: "m5.large", Zone: zone, Settle: time.Minute,
	})
}

// TestListOfferings: the price list is asked in its own region, not the location's.
func TestListOfferings(t *testing.T) {
	endpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	listing := provider(t, location(t, endpoint)).ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	if listing.OnDemand.Value["m5.large"] != 0.096 || len(listing.Spot.Value[zone]) == 0 || len(listing.Zones.Value["m5.large"]) == 0 {
		t.Errorf("m5.large costs %v, %d spot prices in %s", listing.OnDemand.Value["m5.large"], len(listing.Spot.Value[zone]), zone)
	}
}

func TestErrors(t *testing.T) {
	endpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	l := location(t, endpoint)
	p := provider(t, l)
	image, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	request := cloud.LaunchRequest{
		EdgeUID: "u", Name: "cast-u", InstanceType: "m5.large", Zone: zone, Image: image, DiskGiB: 30, CapacityType: "on-demand",
	}
	for code, want := range map[string]cloud.ErrorClass{
		"InsufficientInstanceCapacity": cloud.ClassCapacity,
		"VcpuLimitExceeded":            cloud.ClassQuota,
		"RequestLimitExceeded":         cloud.ClassThrottle,
		"UnauthorizedOperation":        cloud.ClassAuth,
		"RequestExpired":               cloud.ClassAuth,
		"InvalidSubnetID.NotFound":     cloud.ClassConfig,
		"InternalError":                cloud.ClassTransient,
	} {
		t.Run(code, func(t *testing.T) {
			// As often as the SDK may ask.
			faulttest.Inject(t, endpoint, fault.Rule{Action: "RunInstances", Code: code, Count: 2})
			r := request
			r.ClientToken = "token-" + code
			if _, err := p.Launch(t.Context(), r); cloud.ClassOf(err) != want {
				t.Errorf("err = %v, want the class %s", err, want)
			}
		})
	}
	t.Run("a zone without a subnet names the zones that have one", func(t *testing.T) {
		r := request
		r.Zone = "us-west-2z"
		_, err := p.Launch(t.Context(), r)
		if cloud.ClassOf(err) != cloud.ClassConfig || !strings.Contains(err.Error(), zone) {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("another account", func(t *testing.T) {
		other := l
		other.AccountID = "210987654321"
		if err := provider(t, other).CheckCredentials(t.Context()); cloud.ClassOf(err) != cloud.ClassAuth {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
		}
	})
	t.Run("no credentials at all", func(t *testing.T) {
		none := l
		none.AccessKeyID = ""
		if _, err := aws.New(t.Context(), none); cloud.ClassOf(err) != cloud.ClassAuth {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
		}
	})
	t.Run("a cloud that does not answer is unknown, not an error of ours", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		away := provider(t, l)
		if err := away.CheckCredentials(t.Context()); cloud.ClassOf(err) != cloud.ClassTransient {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassTransient)
		}
		if _, err := away.Get(t.Context(), "i-0123456789abcdef0"); cloud.ClassOf(err) != cloud.ClassTransient {
			t.Errorf("Get: err = %v, want the class %s", err, cloud.ClassTransient)
		}
	})
}
