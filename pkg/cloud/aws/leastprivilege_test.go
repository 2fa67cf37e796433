// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/golang-jwt/jwt/v5"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/aws"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/tool"
)

const (
	issuer  = "https://oidc.example.com/id/MAIN"
	subject = "system:serviceaccount:omni-system:omni-controller"
)

// identityToken is a token of the main cluster; the emulator does not verify its
// signature, as the cloud would.
type identityToken struct{ t *testing.T }

func (i identityToken) GetIdentityToken() ([]byte, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{"sts.amazonaws.com"}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString([]byte("key"))
	return []byte(token), err
}

// onBoard runs the real script with the real CLI and returns what it registers.
func onBoard(t *testing.T, endpoint string) *v1beta1.AWSLocation {
	t.Helper()
	var registered v1beta1.Onboarding
	registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&registered); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
	}))
	defer registry.Close()
	script, err := onboard.Render(onboard.Parameters{
		Place:   onboard.Place{Provider: v1beta1.ProviderAWS, ClusterID: "main", Namespace: "team-a", Location: "aws-oregon", Region: awstest.Region, Issuer: issuer},
		Zones:   []string{zone},
		Subject: subject, Token: "registration-token", OnboardingURL: registry.URL + "/onboarding",
		CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw}),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-s")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
	if out, err := cmd.CombinedOutput(); err != nil || registered.Spec.AWS == nil {
		t.Fatalf("the onboarding script: %v\n%s", err, out)
	}
	return registered.Spec.AWS
}

// TestLeastPrivilege: with the role that the script makes, the provider does all it
// has to, and nothing else can be done. The emulator decides by the actions, the
// resources and the conditions of the role's policy; moto, behind it, would know of
// the actions only. Not decided here, as in no emulator: policies of an organisation,
// permission boundaries, and keys of KMS.
func TestLeastPrivilege(t *testing.T) {
	for _, program := range []string{"aws", "curl"} {
		tool.Path(t, program)
	}
	endpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	made := onBoard(t, endpoint)
	own := aws.Location{
		ClusterID: "main", Namespace: "team-a", Name: "aws-oregon", Region: awstest.Region, AccountID: made.AccountID,
		SubnetIDs: made.SubnetIDs, SecurityGroupID: made.SecurityGroupID, RoleARN: made.RoleARN, IdentityToken: identityToken{t},
	}
	p := provider(t, own)
	elsewhere := location(t, endpoint) // with the keys of an administrator
	elsewhere.Name = "aws-oregon-too"

	t.Run("may do what the provider does", func(t *testing.T) {
		cloudtest.Run(t, cloudtest.Setup{
			Provider: p, Elsewhere: provider(t, elsewhere), InstanceType: "m5.large", Zone: zone, Settle: time.Minute,
		})
		if err := p.ListOfferings(t.Context(), nil).Err(); err != nil {
			t.Errorf("ListOfferings: %v", err)
		}
	})
	t.Run("may do nothing else", func(t *testing.T) { refuseTheRest(t, endpoint, p, own, elsewhere) })
}

func refuseTheRest(t *testing.T, endpoint string, p *aws.Provider, own, elsewhere aws.Location) {
	ctx := t.Context()
	image, err := p.DefaultImage(ctx, cloud.MachineKind{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	request := cloud.LaunchRequest{
		ClientToken: "mine", EdgeUID: "u", Name: "cast-u", InstanceType: "m5.large", Zone: zone, Image: image, DiskGiB: 30, CapacityType: "on-demand",
	}
	mine, err := p.Launch(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	request.ClientToken = "theirs"
	theirs, err := provider(t, elsewhere).Launch(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	as := func(region string) awssdk.Config {
		cfg := awstest.Config(endpoint)
		cfg.Credentials = awssdk.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), own.RoleARN, own.IdentityToken))
		cfg.Region = region
		return cfg
	}
	role, away := ec2.NewFromConfig(as(awstest.Region)), ec2.NewFromConfig(as("us-east-1"))
	// launch as own, but for what change changes.
	launch := func(change func(*aws.Location)) error {
		changed := own
		changed.SubnetIDs = maps.Clone(own.SubnetIDs)
		change(&changed)
		other := request
		other.ClientToken = "another"
		_, err := provider(t, changed).Launch(ctx, other)
		return err
	}
	for name, tc := range map[string]struct {
		try    func() error
		action string
	}{
		"an action of EC2": {func() error {
			_, err := role.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
			return err
		}, "ec2:DescribeKeyPairs"},
		"to stop its own machine": {func() error {
			_, err := role.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{mine.ID}})
			return err
		}, "ec2:StopInstances"},
		"to terminate a machine of another location": {func() error { return p.Terminate(ctx, theirs.ID) }, "ec2:TerminateInstances"},
		"to read the console of another location": {func() error {
			_, err := p.ConsoleOutput(ctx, theirs.ID)
			return err
		}, "ec2:GetConsoleOutput"},
		"to tag what is there": {func() error {
			_, err := role.CreateTags(ctx, &ec2.CreateTagsInput{
				Resources: []string{theirs.ID}, Tags: []types.Tag{{Key: awssdk.String(v1beta1.TagEdgeLocation), Value: awssdk.String("aws-oregon")}},
			})
			return err
		}, "ec2:CreateTags"},
		"to launch without tags": {func() error {
			_, err := role.RunInstances(ctx, &ec2.RunInstancesInput{
				ImageId: &image, InstanceType: "m5.large", MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
				SubnetId: awssdk.String(own.SubnetIDs[zone]), SecurityGroupIds: []string{own.SecurityGroupID},
			})
			return err
		}, "ec2:RunInstances on resource: arn:aws:ec2:us-west-2:123456789012:instance/*"},
		"to launch in the name of another location": {func() error {
			return launch(func(l *aws.Location) { l.Name = elsewhere.Name })
		}, "ec2:RunInstances on resource: arn:aws:ec2:us-west-2:123456789012:instance/*"},
		"to launch into a network of others": {func() error {
			return launch(func(l *aws.Location) { l.SubnetIDs = elsewhere.SubnetIDs })
		}, "ec2:RunInstances on resource: arn:aws:ec2:us-west-2:123456789012:subnet/"},
		"to launch with a firewall of others": {func() error {
			return launch(func(l *aws.Location) { l.SecurityGroupID = elsewhere.SecurityGroupID })
		}, "ec2:RunInstances on resource: arn:aws:ec2:us-west-2:123456789012:security-group/"},
		"to give a machine a role": {func() error {
			return launch(func(l *aws.Location) { l.InstanceProfile = "administrator" })
		}, "iam:PassRole"},
		"another region": {func() error {
			_, err := away.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
			return err
		}, "ec2:DescribeInstances"},
		"a parameter of the account": {func() error {
			_, err := ssm.NewFromConfig(as(awstest.Region)).GetParameter(ctx, &ssm.GetParameterInput{Name: awssdk.String("/secrets/database")})
			return err
		}, "ssm:GetParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.try()
			if err == nil || !strings.Contains(err.Error(), "is not authorized to perform: "+tc.action) {
				t.Fatalf("err = %v, want a refusal of %s", err, tc.action)
			}
			if _, ours := errors.AsType[*cloud.Error](err); ours && cloud.ClassOf(err) != cloud.ClassAuth {
				t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
			}
			var api smithy.APIError
			if errors.As(err, &api) && !slices.Contains([]string{"UnauthorizedOperation", "AccessDeniedException"}, api.ErrorCode()) {
				t.Errorf("the code is %s", api.ErrorCode())
			}
		})
	}
}
