// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package aws buys machines from Amazon EC2.
package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/utils/clock"

	catalogaws "github.com/castai/omni/pkg/catalog/aws"
	"github.com/castai/omni/pkg/cloud"
)

// Location is where and as whom machines are bought.
type Location struct {
	// ClusterID, Namespace and Name are the values of the tags on everything
	// we make.
	ClusterID, Namespace, Name string
	// Region and AccountID the machines are bought in.
	Region, AccountID string
	// SubnetIDs by availability zone.
	SubnetIDs       map[string]string
	SecurityGroupID string
	// InstanceProfile of the machines; may be empty.
	InstanceProfile string

	// RoleARN is assumed with the token of IdentityToken (keyless).
	RoleARN       string
	IdentityToken stscreds.IdentityTokenRetriever
	// AccessKeyID and SecretAccessKey are used when set, instead of the role.
	AccessKeyID, SecretAccessKey string
}

// sessionName is what CloudTrail shows as the session of the assumed role.
const sessionName = "omni-controller"

// requestTimeout bounds one request: a worker must not wait for ever.
const requestTimeout = 30 * time.Second

// Provider implements cloud.Provider for one location, and catalog.Lister for its
// region.
type Provider struct {
	*catalogaws.Lister
	location Location
	ec2      *ec2.Client
	ssm      *ssm.Client
	sts      *sts.Client
}

var _ cloud.Provider = (*Provider)(nil)

// New makes a provider. It asks the cloud nothing yet. The endpoint is the
// region's, or what the SDK's own environment says (AWS_ENDPOINT_URL).
func New(ctx context.Context, location Location) (*Provider, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(location.Region),
		config.WithCredentialsProvider(aws.AnonymousCredentials{}),
		// Backing off belongs to the controller's queue; a second try hides
		// one lost packet.
		config.WithRetryMaxAttempts(2),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(requestTimeout)),
	)
	if err != nil {
		return nil, fmt.Errorf("configure the AWS SDK: %w", err)
	}
	switch {
	case location.AccessKeyID != "":
		cfg.Credentials = credentials.NewStaticCredentialsProvider(location.AccessKeyID, location.SecretAccessKey, "")
	case location.RoleARN != "":
		role := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), location.RoleARN, location.IdentityToken,
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = sessionName })
		cfg.Credentials = aws.NewCredentialsCache(role)
	default:
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf(
			"neither spec.aws.roleARN nor spec.credentials.secretRef is set: run the onboarding script or set one of them")}
	}
	return &Provider{
		Lister:   catalogaws.New(cfg, clock.RealClock{}, classify),
		location: location,
		ec2:      ec2.NewFromConfig(cfg),
		ssm:      ssm.NewFromConfig(cfg),
		sts:      sts.NewFromConfig(cfg),
	}, nil
}

// CheckCredentials implements cloud.Provider.
func (p *Provider) CheckCredentials(ctx context.Context) error {
	out, err := p.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return classify(err)
	}
	if account := aws.ToString(out.Account); account != p.location.AccountID {
		return &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf(
			"the credentials are of account %s, but spec.aws.accountID is %s", account, p.location.AccountID)}
	}
	return nil
}

// Where Canonical publishes the newest image of Ubuntu 24.04, and AWS that of
// Ubuntu 24.04 with NVIDIA's driver and container toolkit, which names
// architectures in its own way.
// https://docs.aws.amazon.com/dlami/latest/devguide/ami-id.html
const (
	ubuntuParameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id"
	gpuParameter    = "/aws/service/deeplearning/ami/%s/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
)

// DefaultImage implements cloud.Provider.
func (p *Provider) DefaultImage(ctx context.Context, kind cloud.MachineKind) (string, error) {
	name := fmt.Sprintf(ubuntuParameter, kind.Architecture)
	if kind.GPU {
		name = fmt.Sprintf(gpuParameter, strings.Replace(kind.Architecture, "amd64", "x86_64", 1))
	}
	out, err := p.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		return "", classify(err)
	}
	return aws.ToString(out.Parameter.Value), nil
}
