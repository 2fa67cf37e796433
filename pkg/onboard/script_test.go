// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
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
	"github.com/castai/omni/test/tool"
)

// shell runs rendered scripts with the real CLIs.
type shell struct {
	endpoint string
	env      []string
}

// awsShell is one whose AWS CLI asks the emulated AWS.
func awsShell(endpoint string, env ...string) shell {
	return shell{endpoint, append([]string{
		"AWS_ENDPOINT_URL=" + endpoint,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}, env...)}
}

func (s shell) run(t *testing.T, script string, env ...string) (stdout, stderr string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "onboard.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command("bash", file)
	cmd.Env = append(append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, s.env...), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func place() onboard.Place {
	return onboard.Place{
		Provider: v1beta1.ProviderAWS, ClusterID: "main", Namespace: "team-a", Location: "aws-oregon", Region: awstest.Region,
		Issuer: "https://oidc.example.com/id/MAIN",
	}
}

func render(t *testing.T, r *registry, token string) string {
	t.Helper()
	script, err := onboard.Render(onboard.Parameters{
		Place: place(), Zones: []string{"us-west-2a", "us-west-2c"},
		Subject:       "system:serviceaccount:omni-system:omni-controller",
		OnboardingURL: r.URL + "/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/aws-oregon/onboarding",
		CABundle:      r.ca(), Token: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// TestScript runs the real script with the real AWS CLI against the emulated AWS.
func TestScript(t *testing.T) {
	for _, program := range []string{"aws", "curl", "kubectl"} {
		tool.Path(t, program)
	}
	r := startRegistry(t, "aws-oregon")
	s := awsShell(awstest.StartEmulator(t))
	cloud := ec2.NewFromConfig(awstest.Config(s.endpoint))
	before := vpcs(t, cloud)

	t.Run("no credentials", func(t *testing.T) {
		_, stderr, err := s.run(t, render(t, r, "one"), "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
		wantRefusal(t, err, stderr, "no working AWS credentials")
	})
	t.Run("no AWS CLI", func(t *testing.T) {
		_, stderr, err := s.run(t, render(t, r, "one"), "PATH="+t.TempDir())
		wantRefusal(t, err, stderr, "aws is not installed")
	})
	if n := vpcs(t, cloud); n != before {
		t.Fatalf("%d VPCs were made without credentials", n-before)
	}

	// The first run breaks off in the middle; the second goes on from there.
	faulttest.Inject(t, s.endpoint, fault.Rule{Action: "CreateNatGateway", Code: "UnauthorizedOperation", Count: 1})
	if stdout, stderr, err := s.run(t, render(t, r, "one")); err == nil || !strings.Contains(stderr, "UnauthorizedOperation") {
		t.Fatalf("the fault did not end the script: %v\n%s%s", err, stdout, stderr)
	}
	mustRun(t, s, render(t, r, "one"), "registered")
	first := r.last(t)
	if first.Token != "one" {
		t.Errorf("the token %q was sent", first.Token)
	}
	checkNetwork(t, cloud, first.AWS)

	mustRun(t, s, render(t, r, "one"), "already registered")
	if again := r.last(t); !reflect.DeepEqual(again, first) {
		t.Errorf("run again: %+v, before %+v", again, first)
	}
	s.env = append(s.env, "KUBECONFIG="+kubeconfig(t, r))
	mustRun(t, s, render(t, r, ""), "registered")
	if again := r.last(t); again.Token != "" || !reflect.DeepEqual(again.AWS, first.AWS) {
		t.Errorf("run with kubectl: %+v, before %+v", again, first)
	}
	if n := vpcs(t, cloud); n != before+1 {
		t.Errorf("%d VPCs were made", n-before)
	}
	testOffboard(t, r, s, cloud, first.AWS)
}

func wantRefusal(t *testing.T, err error, stderr, want string) {
	t.Helper()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("got %v, want exit code 1", err)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("stderr is %q, want one line with %q", stderr, want)
	}
}

func mustRun(t *testing.T, s shell, script, want string) {
	t.Helper()
	stdout, stderr, err := s.run(t, script)
	if err != nil || !strings.Contains(stdout, "  "+want+"\n") || !strings.Contains(stdout, "is on board") {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
}

func vpcs(t *testing.T, cloud *ec2.Client) int {
	t.Helper()
	out, err := cloud.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Vpcs)
}

// checkNetwork looks at what the script made: private subnets that go out by one NAT
// gateway, and a security group that only lets its own members in.
func checkNetwork(t *testing.T, cloud *ec2.Client, got *v1beta1.AWSLocation) {
	t.Helper()
	if got.AccountID != "123456789012" || got.VPCCIDR != onboard.DefaultVPCCIDR || len(got.SubnetIDs) != 2 ||
		!strings.HasPrefix(got.RoleARN, "arn:aws:iam::123456789012:role/omni-aws-oregon-") {
		t.Errorf("registered %+v", got)
	}
	inVPC := []types.Filter{{Name: awssdk.String("vpc-id"), Values: []string{got.VPCID}}}
	nats, err := cloud.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{Filter: inVPC})
	if err != nil || len(nats.NatGateways) != 1 {
		t.Fatalf("NAT gateways: %+v, %v", nats, err)
	}
	for zone, subnet := range got.SubnetIDs {
		tables, err := cloud.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: []types.Filter{
			{Name: awssdk.String("association.subnet-id"), Values: []string{subnet}},
		}})
		if err != nil || len(tables.RouteTables) != 1 {
			t.Fatalf("route tables of %s: %+v, %v", zone, tables, err)
		}
		found := false
		for _, route := range tables.RouteTables[0].Routes {
			found = found || awssdk.ToString(route.NatGatewayId) == *nats.NatGateways[0].NatGatewayId
		}
		if !found {
			t.Errorf("%s does not go out by the NAT gateway: %+v", zone, tables.RouteTables[0].Routes)
		}
	}
	groups, err := cloud.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{got.SecurityGroupID}})
	if err != nil {
		t.Fatal(err)
	}
	in := groups.SecurityGroups[0].IpPermissions
	if len(in) != 1 || len(in[0].IpRanges) != 0 || len(in[0].UserIdGroupPairs) != 1 || *in[0].UserIdGroupPairs[0].GroupId != got.SecurityGroupID {
		t.Errorf("the security group lets in %+v", in)
	}
}
