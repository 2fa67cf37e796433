// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// step is how long the emulated machines stay in a state.
const step = 20 * time.Millisecond

// emulated is a location in an emulated cloud, and what may be bought there.
type emulated struct {
	provider v1beta1.CloudProvider
	endpoint string
	spec     v1beta1.EdgeLocationSpec
	// keys are the credentials, as in spec.credentials.secretRef.
	keys               map[string]string
	instanceType, zone string
	// missingImage does not exist.
	missingImage string
	// account is the service account of Google Cloud.
	account string
	// clock is the cloud's own; nil: real.
	clock *testingclock.FakeClock
}

// location is on board, with the credentials in a Secret.
func (e *emulated) location() *v1beta1.EdgeLocation {
	l := &v1beta1.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon"}, Spec: e.spec, Status: readyLocation()}
	l.Spec.Credentials = &v1beta1.Credentials{SecretRef: &v1beta1.LocalSecretReference{Name: "keys"}}
	return l
}

// secret holds the credentials.
func (e *emulated) secret() *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "keys"}, Data: map[string][]byte{}}
	for key, value := range e.keys {
		s.Data[key] = []byte(value)
	}
	return s
}

// signIn reaches the cloud as the running controller does. main has the Secret.
func (e *emulated) signIn(main client.Client) *connection.Direct {
	return &connection.Direct{Main: main, ClusterID: "main", Endpoints: connection.Endpoints{GCP: e.endpoint, OCI: e.endpoint}}
}

func newAWS(t *testing.T, endpoint string) *emulated {
	t.Helper()
	const zone = "us-west-2a"
	client := ec2.NewFromConfig(awstest.Config(endpoint))
	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{{Name: aws.String("availability-zone"), Values: []string{zone}}},
	})
	if err != nil || len(subnets.Subnets) == 0 {
		t.Fatalf("no default subnet: %v", err)
	}
	groups, err := client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{})
	if err != nil || len(groups.SecurityGroups) == 0 {
		t.Fatalf("no default security group: %v", err)
	}
	return &emulated{
		provider: v1beta1.ProviderAWS, endpoint: endpoint,
		spec: v1beta1.EdgeLocationSpec{Provider: v1beta1.ProviderAWS, Region: awstest.Region, AWS: &v1beta1.AWSLocation{
			AccountID: "123456789012", VPCID: *subnets.Subnets[0].VpcId,
			SubnetIDs: map[string]string{zone: *subnets.Subnets[0].SubnetId}, SecurityGroupID: *groups.SecurityGroups[0].GroupId,
		}},
		keys:         map[string]string{"aws_access_key_id": "test", "aws_secret_access_key": "test"},
		instanceType: "m5.large", zone: zone, missingImage: "ami-0123456789abcdef0",
	}
}

func newGCP(t *testing.T, clk clock.Clock) *emulated {
	t.Helper()
	endpoint := gcptest.StartWithClock(t, clk, step)
	gcptest.Network(t, endpoint)
	account := gcptest.ServiceAccount(t, endpoint, "omni-edge-buyer", contract.Permissions())
	return &emulated{
		provider: v1beta1.ProviderGCP, endpoint: endpoint,
		spec: v1beta1.EdgeLocationSpec{Provider: v1beta1.ProviderGCP, Region: gcptest.Region, GCP: &v1beta1.GCPLocation{
			ProjectID: gcptest.Project, Network: "edges", Subnetwork: "edges", Zones: []string{gcptest.Zone},
		}},
		keys:         map[string]string{"key.json": string(gcptest.Key(t, endpoint, account))},
		instanceType: "e2-standard-2", zone: gcptest.Zone,
		missingImage: "projects/ubuntu-os-cloud/global/images/ubuntu-none", account: account,
	}
}

func newOCI(t *testing.T, clk clock.Clock) *emulated {
	t.Helper()
	c := ocitest.Start(t, clk, step, 0)
	vcn, subnet, group := c.MakeNetwork(t)
	return &emulated{
		provider: v1beta1.ProviderOCI, endpoint: c.Endpoint,
		spec: v1beta1.EdgeLocationSpec{Provider: v1beta1.ProviderOCI, Region: ocitest.Region, OCI: &v1beta1.OCILocation{
			TenancyID: ocitest.TenancyID, CompartmentID: ocitest.CompartmentID, VCNID: vcn,
			SubnetIDs: map[string]string{ocitest.Zone: subnet}, NSGID: group,
		}},
		keys:         map[string]string{"user": ocitest.UserID, "fingerprint": c.Fingerprint, "privateKey": c.PrivateKey},
		instanceType: "VM.Standard.E5.Flex-4-32", zone: ocitest.Zone,
		missingImage: "ocid1.image.oc1.us-ashburn-1.none",
	}
}
