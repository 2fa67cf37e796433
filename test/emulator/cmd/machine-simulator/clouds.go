// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/test/emulator/machine"
)

// clouds are those whose machines are played: each that has an endpoint.
type clouds struct {
	awsEndpoint, awsRegion                 string
	gcpEndpoint, gcpProject                string
	ociEndpoint, ociConfig, ociCompartment string
}

func (c *clouds) addFlags(fs *flag.FlagSet) {
	fs.StringVar(&c.awsEndpoint, "aws-endpoint", "", "URL of the AWS emulator")
	fs.StringVar(&c.awsRegion, "aws-region", "", "region of its machines")
	fs.StringVar(&c.gcpEndpoint, "gcp-endpoint", "", "URL of the Google Cloud emulator")
	fs.StringVar(&c.gcpProject, "gcp-project", "", "project of its machines")
	fs.StringVar(&c.ociEndpoint, "oci-endpoint", "", "URL of the Oracle Cloud emulator")
	fs.StringVar(&c.ociConfig, "oci-config-file", "", "the SDK's file of who may look at its machines")
	fs.StringVar(&c.ociCompartment, "oci-compartment", "", "OCID of the compartment of its machines")
}

// fleets returns a fleet for each cloud. What they have in common is yet to be set.
func (c *clouds) fleets() ([]*machine.Fleet, error) {
	var fleets []*machine.Fleet
	for _, cloud := range []struct {
		endpoint string
		// needs are the flags beside the endpoint, by name.
		needs map[string]string
		open  func() (machine.Cloud, error)
	}{
		{c.awsEndpoint, map[string]string{"--aws-region": c.awsRegion}, c.aws},
		{c.gcpEndpoint, map[string]string{"--gcp-project": c.gcpProject}, c.gcp},
		{c.ociEndpoint, map[string]string{"--oci-config-file": c.ociConfig, "--oci-compartment": c.ociCompartment}, c.oci},
	} {
		if cloud.endpoint == "" {
			continue
		}
		for flag, value := range cloud.needs {
			if value == "" {
				return nil, fmt.Errorf("%s is needed for the machines of %s", flag, cloud.endpoint)
			}
		}
		opened, err := cloud.open()
		if err != nil {
			return nil, err
		}
		fleets = append(fleets, &machine.Fleet{Name: cloud.endpoint, Cloud: opened})
	}
	if len(fleets) == 0 {
		return nil, errors.New("no machines to play: give --aws-endpoint, --gcp-endpoint or --oci-endpoint")
	}
	return fleets, nil
}

func (c *clouds) aws() (machine.Cloud, error) {
	return machine.EC2{Client: ec2.New(ec2.Options{
		Region: c.awsRegion, BaseEndpoint: &c.awsEndpoint,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("simulator", "emulated", "")),
	})}, nil
}

func (c *clouds) gcp() (machine.Cloud, error) {
	return machine.GCE{Endpoint: c.gcpEndpoint, Project: c.gcpProject, Token: "machine-simulator"}, nil
}

func (c *clouds) oci() (machine.Cloud, error) {
	signer, err := common.ConfigurationProviderFromFile(c.ociConfig, "")
	if err != nil {
		return nil, fmt.Errorf("--oci-config-file: %w", err)
	}
	compute, err := core.NewComputeClientWithConfigurationProvider(signer)
	if err != nil {
		return nil, fmt.Errorf("--oci-config-file: %w", err)
	}
	network, err := core.NewVirtualNetworkClientWithConfigurationProvider(signer)
	if err != nil {
		return nil, fmt.Errorf("--oci-config-file: %w", err)
	}
	// The fleet asks again by itself.
	never := common.NoRetryPolicy()
	for _, client := range []*common.BaseClient{&compute.BaseClient, &network.BaseClient} {
		client.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
		client.Host = c.ociEndpoint
	}
	return machine.OCI{Compute: compute, Network: network, CompartmentID: c.ociCompartment}, nil
}
