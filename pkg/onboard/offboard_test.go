// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard_test

import (
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
)

func renderOffboard(t *testing.T, at onboard.Place, registered *v1beta1.AWSLocation) string {
	t.Helper()
	script, err := onboard.RenderOffboard(onboard.OffboardParameters{
		Place: at, AWS: onboard.AWSRegistered{AccountID: registered.AccountID, VPCID: registered.VPCID, RoleARN: registered.RoleARN},
	})
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// testOffboard takes down, twice, what the onboarding script made.
func testOffboard(t *testing.T, r *registry, s shell, cloud *ec2.Client, location *v1beta1.AWSLocation) {
	r.set(true)
	script := renderOffboard(t, place(), location)
	before := vpcs(t, cloud)
	t.Run("edges", func(t *testing.T) {
		r.set(true, "edge-1")
		refused(t, s, script, "still has edges (edge.omni.cast.ai/edge-1)")
		r.set(true)
	})
	t.Run("main cluster does not answer", func(t *testing.T) {
		refused(t, awsShell(s.endpoint), script, "does not say whether team-a/aws-oregon has edges", "KUBECONFIG=/dev/null")
	})
	t.Run("other account", func(t *testing.T) {
		elsewhere := location.DeepCopy()
		elsewhere.AccountID = "210987654321"
		refused(t, s, renderOffboard(t, place(), elsewhere), "the location is in the account 210987654321, but your credentials are of 123456789012")
	})
	t.Run("own machine", func(t *testing.T) {
		id := launch(t, cloud, location, map[string]string{
			v1beta1.TagClusterID: "main", v1beta1.TagNamespace: "team-a", v1beta1.TagEdgeLocation: "aws-oregon",
		})
		refused(t, s, script, "machines of team-a/aws-oregon are still there ("+id+")")
		terminate(t, cloud, id)
	})
	t.Run("machine of others", func(t *testing.T) {
		id := launch(t, cloud, location, nil)
		refused(t, s, script, "machines that OMNI did not make are in "+location.VPCID+" ("+id+")")
		terminate(t, cloud, id)
	})
	if n := vpcs(t, cloud); n != before {
		t.Fatalf("%d VPCs, want %d: a refusal deletes nothing", n, before)
	}
	const other = `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",` +
		`"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/MAIN"}}]}`
	run(t, s, "aws iam create-role --role-name omni-other --assume-role-policy-document '"+other+"'")

	t.Run("breaks off", func(t *testing.T) {
		faulttest.Inject(t, s.endpoint, fault.Rule{Action: "DeleteVpc", Code: "DependencyViolation", Count: 1})
		_, stderr, err := s.run(t, script)
		if err == nil || !strings.Contains(stderr, "DependencyViolation") || !strings.Contains(stderr, "run this again") {
			t.Fatalf("the fault did not end the script: %v\n%s", err, stderr)
		}
		if roles(t, s) != 2 { // with omni-other
			t.Error("the role went before the network")
		}
	})
	out := offboarded(t, s, script)
	for _, want := range []string{
		"  " + location.VPCID + " deleted\n", "Next: kubectl delete edgelocation aws-oregon --namespace team-a\n",
		"oidc-provider/oidc.example.com/id/MAIN: these roles use it: omni-other\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the script did not say %q:\n%s", want, out)
		}
	}
	if left := tagged(t, cloud); len(left) != 0 || vpcs(t, cloud) != before-1 {
		t.Errorf("%v are left, and %d VPCs of %d", left, vpcs(t, cloud), before)
	}
	if n := roles(t, s); n != 1 {
		t.Errorf("%d roles of OMNI are left, want the other one", n)
	}
	run(t, s, "aws iam delete-role --role-name omni-other")
	r.set(false)
	if again := offboarded(t, s, script); !strings.Contains(again, "MAIN deleted") || !strings.Contains(again, "1 things deleted, 0 left") || strings.Contains(again, "Next:") {
		t.Errorf("off-boarding without the other role:\n%s", again)
	}
}

// TestOffboardBroughtAlong: what OMNI did not make stays, whatever its tags say.
func TestOffboardBroughtAlong(t *testing.T) {
	r := startRegistry(t, "aws-oregon")
	s := awsShell(awstest.StartEmulator(t), "KUBECONFIG="+kubeconfig(t, r))
	cloud := ec2.NewFromConfig(awstest.Config(s.endpoint))
	made, err := cloud.CreateVpc(t.Context(), &ec2.CreateVpcInput{
		CidrBlock: awssdk.String("10.1.0.0/16"),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVpc, Tags: tags(map[string]string{
			v1beta1.TagClusterID: "main", v1beta1.TagNamespace: "team-a", v1beta1.TagEdgeLocation: "aws-oregon",
		})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, "aws iam create-open-id-connect-provider --url https://oidc.example.com/id/MAIN --client-id-list sts.amazonaws.com")
	vpc, role := *made.Vpc.VpcId, "arn:aws:iam::123456789012:role/brought-along"
	out := offboarded(t, s, renderOffboard(t, place(), &v1beta1.AWSLocation{AccountID: "123456789012", VPCID: vpc, RoleARN: role}))
	for _, want := range []string{
		"  left: " + vpc + " with all that is in it: OMNI did not make this network\n",
		"  left: " + role + ": OMNI did not make this role\n",
		"oidc-provider/oidc.example.com/id/MAIN: OMNI did not make this identity provider\n",
		"0 things deleted, 3 left as they are",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the script did not say %q:\n%s", want, out)
		}
	}
	if left := tagged(t, cloud); !slices.Equal(left, []string{vpc}) {
		t.Errorf("%v are left, want %s", left, vpc)
	}
}

func refused(t *testing.T, s shell, script, want string, env ...string) {
	t.Helper()
	_, stderr, err := s.run(t, script, env...)
	if err == nil || !strings.Contains(stderr, want) {
		t.Errorf("%v, stderr is %q, want %q", err, stderr, want)
	}
}

func offboarded(t *testing.T, s shell, script string) string {
	t.Helper()
	stdout, stderr, err := s.run(t, script)
	if err != nil || !strings.Contains(stdout, "[9/9] ") || !strings.Contains(stdout, "is off board") {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	return stdout
}

func tags(values map[string]string) []types.Tag {
	var all []types.Tag
	for key, value := range values {
		all = append(all, types.Tag{Key: &key, Value: &value})
	}
	return all
}

// launch starts a machine in the network of the location.
func launch(t *testing.T, cloud *ec2.Client, location *v1beta1.AWSLocation, tagged map[string]string) string {
	t.Helper()
	images, err := cloud.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	if err != nil {
		t.Fatal(err)
	}
	input := &ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, InstanceType: types.InstanceTypeM5Large, MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
		SubnetId: awssdk.String(location.SubnetIDs["us-west-2a"]),
	}
	if len(tagged) > 0 {
		input.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags(tagged)}}
	}
	out, err := cloud.RunInstances(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	return *out.Instances[0].InstanceId
}

func terminate(t *testing.T, cloud *ec2.Client, id string) {
	t.Helper()
	if _, err := cloud.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
}

// tagged lists what carries the tag of the location and is still there.
func tagged(t *testing.T, cloud *ec2.Client) (left []string) {
	t.Helper()
	filters := []types.Filter{{Name: awssdk.String("tag:" + v1beta1.TagEdgeLocation), Values: []string{"aws-oregon"}}}
	alive := append(slices.Clone(filters), types.Filter{Name: awssdk.String("state"), Values: []string{"pending", "available"}})
	vpcs, err := cloud.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: filters})
	check(t, err)
	for _, v := range vpcs.Vpcs {
		left = append(left, *v.VpcId)
	}
	subnets, err := cloud.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: filters})
	check(t, err)
	for _, s := range subnets.Subnets {
		left = append(left, *s.SubnetId)
	}
	tables, err := cloud.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: filters})
	check(t, err)
	for _, r := range tables.RouteTables {
		left = append(left, *r.RouteTableId)
	}
	gateways, err := cloud.DescribeInternetGateways(t.Context(), &ec2.DescribeInternetGatewaysInput{Filters: filters})
	check(t, err)
	for _, g := range gateways.InternetGateways {
		left = append(left, *g.InternetGatewayId)
	}
	nats, err := cloud.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{Filter: alive})
	check(t, err)
	for _, n := range nats.NatGateways {
		left = append(left, *n.NatGatewayId)
	}
	addresses, err := cloud.DescribeAddresses(t.Context(), &ec2.DescribeAddressesInput{Filters: filters})
	check(t, err)
	for _, a := range addresses.Addresses {
		left = append(left, *a.AllocationId)
	}
	groups, err := cloud.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: filters})
	check(t, err)
	for _, g := range groups.SecurityGroups {
		left = append(left, *g.GroupId)
	}
	return left
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs one command and returns what it prints.
func run(t *testing.T, s shell, command string) string {
	t.Helper()
	stdout, stderr, err := s.run(t, command, "AWS_DEFAULT_REGION="+awstest.Region)
	if err != nil {
		t.Fatal(stderr, err)
	}
	return stdout
}

// roles counts the roles of OMNI.
func roles(t *testing.T, s shell) int {
	t.Helper()
	return len(strings.Fields(run(t, s, `aws iam list-roles --query "Roles[?starts_with(RoleName, 'omni-')].RoleName" --output text`)))
}
