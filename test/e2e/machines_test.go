// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"golang.org/x/oauth2"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/option"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/aws/awstest"
)

// machine is a machine that some cloud shows, as the cloud's own SDK sees it.
type machine struct {
	cloud string
	// id as in status.instanceID, edge the UID of the Edge it was launched for.
	id, edge string
	// state as the cloud names it; an ended machine costs nothing any more.
	state string
	ended bool
}

// cloudsOfLab list the machines of each cloud.
type cloudsOfLab struct {
	ec2     *ec2.Client
	gce     *compute.Service
	project string
	oci     core.ComputeClient
	// compartment is where machines of Oracle Cloud are.
	compartment string
}

// openClouds makes the clients by what the lab tells a shell.
func openClouds(ctx context.Context, env map[string]string) (*cloudsOfLab, error) {
	c := &cloudsOfLab{
		ec2:     ec2.NewFromConfig(awstest.Config(env["AWS_ENDPOINT_URL"])),
		project: env["CLOUDSDK_CORE_PROJECT"], compartment: env["OCI_COMPARTMENT_ID"],
	}
	var err error
	c.gce, err = compute.NewService(ctx, option.WithEndpoint(env["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"]),
		option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "owner"})))
	if err != nil {
		return nil, fmt.Errorf("client of Google Cloud: %w", err)
	}
	signer, err := common.ConfigurationProviderFromFile(env["OCI_CLI_CONFIG_FILE"], "")
	if err != nil {
		return nil, fmt.Errorf("client of Oracle Cloud: %w", err)
	}
	if c.oci, err = core.NewComputeClientWithConfigurationProvider(signer); err != nil {
		return nil, fmt.Errorf("client of Oracle Cloud: %w", err)
	}
	c.oci.Host = env["OCI_CLI_ENDPOINT"]
	return c, nil
}

// machines are all that the clouds show of those launched for edges, in every state.
// AWS and Oracle Cloud show those that have ended too, Google Cloud does not.
func machines(ctx context.Context) ([]machine, error) {
	var found []machine
	var errs []error
	for _, list := range []func(context.Context) ([]machine, error){lab.clouds.aws, lab.clouds.gcp, lab.clouds.oracle} {
		some, err := list(ctx)
		found, errs = append(found, some...), append(errs, err)
	}
	return found, errors.Join(errs...)
}

func (c *cloudsOfLab) aws(ctx context.Context) ([]machine, error) {
	var found []machine
	pages := ec2.NewDescribeInstancesPaginator(c.ec2, &ec2.DescribeInstancesInput{
		Filters: []types.Filter{{Name: aws.String("tag-key"), Values: []string{v1beta1.TagEdgeID}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, reservation := range page.Reservations {
			for i := range reservation.Instances {
				m := &reservation.Instances[i]
				found = append(found, machine{
					"aws", *m.InstanceId, awsTag(m, v1beta1.TagEdgeID), string(m.State.Name), m.State.Name == types.InstanceStateNameTerminated,
				})
			}
		}
	}
	return found, nil
}

func awsTag(m *types.Instance, key string) string {
	for _, tag := range m.Tags {
		if aws.ToString(tag.Key) == key {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

// gceLabel is v1beta1.TagEdgeID: labels know neither dots nor slashes.
const gceLabel = "omni-edge-id"

func (c *cloudsOfLab) gcp(ctx context.Context) ([]machine, error) {
	var found []machine
	err := c.gce.Instances.AggregatedList(c.project).Pages(ctx, func(page *compute.InstanceAggregatedList) error {
		for scope, of := range page.Items {
			for _, m := range of.Instances {
				if edge := m.Labels[gceLabel]; edge != "" {
					found = append(found, machine{"gcp", strings.TrimPrefix(scope, "zones/") + "/" + m.Name, edge, m.Status, false})
				}
			}
		}
		return nil
	})
	return found, err
}

func (c *cloudsOfLab) oracle(ctx context.Context) ([]machine, error) {
	var found []machine
	request := core.ListInstancesRequest{CompartmentId: &c.compartment}
	for {
		page, err := c.oci.ListInstances(ctx, request)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			m := &page.Items[i]
			if edge := m.FreeformTags[oci.TagKey(v1beta1.TagEdgeID)]; edge != "" {
				ended := m.LifecycleState == core.InstanceLifecycleStateTerminated
				found = append(found, machine{"oci", *m.Id, edge, string(m.LifecycleState), ended})
			}
		}
		if request.Page = page.OpcNextPage; request.Page == nil {
			return found, nil
		}
	}
}
