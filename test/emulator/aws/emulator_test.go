// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/golang-jwt/jwt/v5"

	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
)

// TestEmulator runs the SDK's real clients against one moto.
func TestEmulator(t *testing.T) {
	endpoint := awstest.StartEmulator(t)
	cfg := awstest.Config(endpoint)
	cfg.RetryMaxAttempts = 1
	cloud := &cloud{endpoint: endpoint, cfg: cfg, ec2: ec2.NewFromConfig(cfg)}
	cloud.image = cloud.ubuntu(t, "amd64")
	t.Run("health", cloud.testHealth)
	t.Run("images", cloud.testImages)
	t.Run("validation", cloud.testValidation)
	t.Run("unsigned", cloud.testUnsigned)
	t.Run("client token", cloud.testClientToken)
	t.Run("concurrent client token", cloud.testConcurrentClientToken)
	t.Run("faults", cloud.testFaults)
	t.Run("lost answer", cloud.testLostAnswer)
	t.Run("web identity", cloud.testWebIdentity)
	t.Run("pages", cloud.testPages)
	t.Run("price list", cloud.testPriceList)
	t.Run("price list validation", cloud.testPriceListValidation)
	t.Run("spot prices", cloud.testSpotPrices)
	t.Run("setting prices", cloud.testSetPrices)
}

type cloud struct {
	endpoint, image string
	cfg             awssdk.Config
	ec2             *ec2.Client
}

func (c *cloud) ubuntu(t *testing.T, arch string) string {
	t.Helper()
	out, err := ssm.NewFromConfig(c.cfg).GetParameter(t.Context(), &ssm.GetParameterInput{
		Name: awssdk.String("/aws/service/canonical/ubuntu/server/24.04/stable/current/" + arch + "/hvm/ebs-gp3/ami-id"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Parameter.Value
}

func (c *cloud) launch(instanceType types.InstanceType, token string) *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ImageId: &c.image, InstanceType: instanceType,
		MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
	}
	if token != "" {
		in.ClientToken = &token
	}
	return in
}

func (c *cloud) count(t *testing.T, token string) int {
	t.Helper()
	out, err := c.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if awssdk.ToString(i.ClientToken) == token {
				n++
			}
		}
	}
	return n
}

// wantError fails the test unless err is an AWS error of this code and HTTP status.
func wantError(t *testing.T, err error, code string, status int) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("got %v, want the code %s", err, code)
	}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != status {
		t.Errorf("got %v, want HTTP status %d", err, status)
	}
}

func (c *cloud) testHealth(t *testing.T) {
	res, err := http.Get(c.endpoint + "/_emulator/healthz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
}

func (c *cloud) testImages(t *testing.T) {
	for arch, want := range map[string]types.ArchitectureValues{"amd64": types.ArchitectureValuesX8664, "arm64": types.ArchitectureValuesArm64} {
		out, err := c.ec2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{c.ubuntu(t, arch)}})
		if err != nil || len(out.Images) != 1 || out.Images[0].Architecture != want {
			t.Errorf("image for %s: %+v, %v", arch, out, err)
		}
	}
	_, err := ssm.NewFromConfig(c.cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: awssdk.String("/aws/service/canonical/ubuntu/server/99.04/ami-id")})
	wantError(t, err, "ParameterNotFound", 400)
}

func (c *cloud) testValidation(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*ec2.RunInstancesInput)
		code   string
	}{
		"unknown image": {func(in *ec2.RunInstancesInput) { in.ImageId = awssdk.String("ami-00000000") }, "InvalidAMIID.NotFound"},
		"unknown type":  {func(in *ec2.RunInstancesInput) { in.InstanceType = "m99.huge" }, "InvalidInstanceType.NotFound"},
		"enum":          {func(in *ec2.RunInstancesInput) { in.InstanceInitiatedShutdownBehavior = "explode" }, "InvalidParameterValue"},
		"enum in a list": {func(in *ec2.RunInstancesInput) {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: "spaceship"}}
		}, "InvalidParameterValue"},
		"user data too long": {func(in *ec2.RunInstancesInput) { in.UserData = awssdk.String(encoded(16385)) }, "InvalidParameterValue"},
		"user data plain":    {func(in *ec2.RunInstancesInput) { in.UserData = awssdk.String("#cloud-config") }, "InvalidUserData.Malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			in := c.launch(types.InstanceTypeM7iLarge, "")
			tc.change(in)
			_, err := c.ec2.RunInstances(t.Context(), in)
			wantError(t, err, tc.code, 400)
		})
	}
	in := c.launch(types.InstanceTypeM7iLarge, "")
	in.UserData = awssdk.String(encoded(16384))
	if _, err := c.ec2.RunInstances(t.Context(), in); err != nil {
		t.Errorf("user data of the maximal length: %v", err)
	}
}

func (c *cloud) testUnsigned(t *testing.T) {
	for name, tc := range map[string]struct {
		params url.Values
		status int
		body   string
	}{
		"ec2":      {url.Values{"Version": {"2016-11-15"}, "Action": {"DescribeVpcs"}}, 401, "<Code>AuthFailure</Code>"},
		"iam":      {url.Values{"Version": {"2010-05-08"}, "Action": {"ListRoles"}}, 403, "<Code>MissingAuthenticationToken</Code>"},
		"moto api": {url.Values{}, 403, "<Code>MissingAuthenticationToken</Code>"},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := http.PostForm(c.endpoint+"/", tc.params)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body := new(strings.Builder)
			if err := res.Write(body); err != nil || res.StatusCode != tc.status || !strings.Contains(body.String(), tc.body) {
				t.Errorf("%v\n%s", err, body)
			}
		})
	}
}

func (c *cloud) testClientToken(t *testing.T) {
	first, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "once"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "once"))
	if err != nil || *again.Instances[0].InstanceId != *first.Instances[0].InstanceId {
		t.Errorf("the second call gave %+v, %v", again, err)
	}
	_, err = c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iXlarge, "once"))
	wantError(t, err, "IdempotentParameterMismatch", 400)
	if n := c.count(t, "once"); n != 1 {
		t.Errorf("%d instances", n)
	}
}

func (c *cloud) testConcurrentClientToken(t *testing.T) {
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "together")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := c.count(t, "together"); n != 1 {
		t.Errorf("%d instances", n)
	}
}

func (c *cloud) testFaults(t *testing.T) {
	subnets, err := c.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{{Name: awssdk.String("availability-zone"), Values: []string{"us-west-2b"}}},
	})
	if err != nil || len(subnets.Subnets) == 0 {
		t.Fatal(subnets, err)
	}
	for _, rule := range []fault.Rule{
		{Action: "RunInstances", InstanceType: "m7i.large", Zone: "us-west-2b", Code: "InsufficientInstanceCapacity", Count: 1},
		{Action: "DescribeVpcs", Code: "RequestLimitExceeded", Count: 1},
		{Action: "DescribeVpcs", Code: "UnauthorizedOperation", Count: 1},
	} {
		faulttest.Inject(t, c.endpoint, rule)
	}

	if _, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "elsewhere")); err != nil {
		t.Errorf("another zone: %v", err)
	}
	in := c.launch(types.InstanceTypeM7iLarge, "full")
	in.SubnetId = subnets.Subnets[0].SubnetId
	_, err = c.ec2.RunInstances(t.Context(), in)
	wantError(t, err, "InsufficientInstanceCapacity", 500)
	if _, err := c.ec2.RunInstances(t.Context(), in); err != nil {
		t.Errorf("after the fault is used up: %v", err)
	}
	_, err = c.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	wantError(t, err, "RequestLimitExceeded", 503)
	_, err = c.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	wantError(t, err, "UnauthorizedOperation", 403)
}

func (c *cloud) testLostAnswer(t *testing.T) {
	faulttest.Inject(t, c.endpoint, fault.Rule{Action: "RunInstances", Code: "InternalError", After: true, Count: 1})
	_, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "lost"))
	wantError(t, err, "InternalError", 500)
	if n := c.count(t, "lost"); n != 1 {
		t.Errorf("%d instances after the lost answer", n)
	}
	if _, err := c.ec2.RunInstances(t.Context(), c.launch(types.InstanceTypeM7iLarge, "lost")); err != nil {
		t.Error(err)
	}
	if n := c.count(t, "lost"); n != 1 {
		t.Errorf("%d instances after the repeated call", n)
	}
}

func encoded(n int) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("#", n)))
}

func identity(t *testing.T, issuer, subject, audience string, expires time.Time) *string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{audience}, ExpiresAt: jwt.NewNumericDate(expires),
	}).SignedString([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	return &token
}

func (c *cloud) assume(t *testing.T, token *string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return sts.NewFromConfig(c.cfg).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: awssdk.String("arn:aws:iam::123456789012:role/omni-test"), RoleSessionName: awssdk.String("test"), WebIdentityToken: token,
	})
}
