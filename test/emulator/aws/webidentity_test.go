// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

const trustPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/issuer.example.com/main"},
"Action":"sts:AssumeRoleWithWebIdentity",
"Condition":{"StringEquals":{"issuer.example.com/main:sub":"system:serviceaccount:omni-system:omni-controller","issuer.example.com/main:aud":"sts.amazonaws.com"}}}]}`

func (c *cloud) testWebIdentity(t *testing.T) {
	c.createRole(t)
	const issuer, subject, audience = "https://issuer.example.com/main", "system:serviceaccount:omni-system:omni-controller", "sts.amazonaws.com"
	later, earlier := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for name, tc := range map[string]struct {
		token  *string
		code   string
		status int
	}{
		"no JWT":         {awssdk.String("hello"), "InvalidIdentityToken", 400},
		"other audience": {identity(t, issuer, subject, "kubernetes", later), "InvalidIdentityToken", 400},
		"expired":        {identity(t, issuer, subject, audience, earlier), "ExpiredTokenException", 400},
		"other issuer":   {identity(t, "https://evil.example.com", subject, audience, later), "AccessDenied", 403},
		"other subject":  {identity(t, issuer, "system:serviceaccount:default:default", audience, later), "AccessDenied", 403},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.assume(t, tc.token)
			wantError(t, err, tc.code, tc.status)
		})
	}
	out, err := c.assume(t, identity(t, issuer, subject, audience, later))
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.cfg
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	if _, err := ec2.NewFromConfig(cfg).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil {
		t.Errorf("with the credentials of the role: %v", err)
	}
	_, err = ec2.NewFromConfig(cfg).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	wantError(t, err, "UnauthorizedOperation", 403)
	if err != nil && !strings.Contains(err.Error(), "assumed-role/omni-test is not authorized to perform: ec2:DescribeSubnets on resource: *") {
		t.Errorf("%v does not name what is missing", err)
	}
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, "")
	_, err = ec2.NewFromConfig(cfg).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	wantError(t, err, "AuthFailure", 401)
}

// createRole does without the SDK of IAM, which nothing else here needs.
func (c *cloud) createRole(t *testing.T) {
	t.Helper()
	c.iam(t, url.Values{"Action": {"CreateRole"}, "RoleName": {"omni-test"}, "AssumeRolePolicyDocument": {trustPolicy}})
	c.iam(t, url.Values{"Action": {"PutRolePolicy"}, "RoleName": {"omni-test"}, "PolicyName": {"omni"}, "PolicyDocument": {
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeVpcs","Resource":"*"}]}`,
	}})
}

func (c *cloud) iam(t *testing.T, body url.Values) {
	t.Helper()
	body.Set("Version", "2010-05-08")
	r, err := http.NewRequest(http.MethodPost, c.endpoint+"/", strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20060102/us-east-1/iam/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
}
