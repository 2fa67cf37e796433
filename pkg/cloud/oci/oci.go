// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package oci buys machines from Oracle Cloud Infrastructure.
package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"k8s.io/utils/clock"

	catalogoci "github.com/castai/omni/pkg/catalog/oci"
	"github.com/castai/omni/pkg/cloud"
)

// Location is where and as whom machines are bought.
type Location struct {
	// ClusterID, Namespace and Name are the values of the tags on everything
	// we make.
	ClusterID, Namespace, Name string
	// Region as in us-ashburn-1.
	Region                   string
	TenancyID, CompartmentID string
	// SubnetIDs by zone. A zone is an availability domain without the prefix
	// of the tenancy, as in US-ASHBURN-AD-1: the prefix ends with a colon,
	// which no label of a Node may have.
	SubnetIDs map[string]string
	// NSGID is the network security group of the machines.
	NSGID string

	// APIKey signs the requests when set.
	APIKey *APIKey
	// Identity signs the requests otherwise (keyless), for example a workload
	// identity of the SDK's package common/auth.
	Identity common.ConfigurationProvider

	// Endpoint of all services and of the price list. Empty: those of the region,
	// and Oracle's.
	Endpoint string
}

// APIKey is a signing key of a user.
type APIKey struct {
	// UserID is an OCID, Fingerprint the MD5 of the public key.
	UserID, Fingerprint string
	// PrivateKey is an RSA key in PEM without a passphrase.
	PrivateKey string
}

// requestTimeout bounds one request: a worker must not wait for ever.
const requestTimeout = 30 * time.Second

// Provider implements cloud.Provider for one location, and catalog.Lister for its
// region.
type Provider struct {
	*catalogoci.Lister
	location Location
	compute  core.ComputeClient
	network  core.VirtualNetworkClient
	identity identity.IdentityClient

	mu sync.Mutex
	// domains are the full names of the availability domains by zone. They
	// are of the tenancy and do not change.
	domains map[string]string
}

var _ cloud.Provider = (*Provider)(nil)

// New makes a provider. It asks the cloud nothing yet.
func New(location Location) (*Provider, error) {
	signer, err := location.signer()
	if err != nil {
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: err}
	}
	p := &Provider{location: location}
	var computeErr, networkErr, identityErr error
	p.compute, computeErr = core.NewComputeClientWithConfigurationProvider(signer)
	p.network, networkErr = core.NewVirtualNetworkClientWithConfigurationProvider(signer)
	p.identity, identityErr = identity.NewIdentityClientWithConfigurationProvider(signer)
	if err := cmp.Or(computeErr, networkErr, identityErr); err != nil {
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf("configure the OCI SDK: %w", err)}
	}
	for _, client := range []*common.BaseClient{&p.compute.BaseClient, &p.network.BaseClient, &p.identity.BaseClient} {
		client.HTTPClient = &http.Client{Timeout: requestTimeout}
		// Backing off belongs to the controller's queue.
		never := common.NoRetryPolicy()
		client.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
		if location.Endpoint != "" {
			client.Host = location.Endpoint
		}
	}
	p.Lister = catalogoci.New(catalogoci.Source{
		CompartmentID: location.CompartmentID, Compute: &p.compute, Identity: &p.identity, Zone: ZoneOf,
		HTTP: &http.Client{Timeout: requestTimeout}, PriceListHost: location.Endpoint,
	}, clock.RealClock{}, p.inCompartment)
	return p, nil
}

// signer returns what signs the requests.
func (l *Location) signer() (common.ConfigurationProvider, error) {
	switch {
	case l.APIKey != nil:
		if _, err := common.PrivateKeyFromBytes([]byte(l.APIKey.PrivateKey), nil); err != nil {
			// The SDK's error may quote the key.
			return nil, errors.New("the privateKey of spec.credentials.secretRef is no RSA key in PEM without a passphrase")
		}
		return common.NewRawConfigurationProvider(l.TenancyID, l.APIKey.UserID, l.Region, l.APIKey.Fingerprint, l.APIKey.PrivateKey, nil), nil
	case l.Identity != nil:
		return l.Identity, nil
	}
	return nil, errors.New("neither spec.credentials.secretRef nor a workload identity is set: run the onboarding or set one of them")
}

// CheckCredentials implements cloud.Provider: the compartment answers to those who
// may look at it.
func (p *Provider) CheckCredentials(ctx context.Context) error {
	out, err := p.identity.GetCompartment(ctx, identity.GetCompartmentRequest{CompartmentId: &p.location.CompartmentID})
	if err != nil {
		return p.inCompartment(err)
	}
	if out.LifecycleState != identity.CompartmentLifecycleStateActive {
		return &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"compartment %s (spec.oci.compartmentID) is %s, not ACTIVE", p.location.CompartmentID, out.LifecycleState)}
	}
	return nil
}

// imageShapes are shapes whose images run on every machine of the kind.
var imageShapes = map[cloud.MachineKind]string{
	{Architecture: "amd64"}:            "VM.Standard.E4.Flex",
	{Architecture: "amd64", GPU: true}: "VM.GPU.A10.1",
	{Architecture: "arm64"}:            "VM.Standard.A1.Flex",
}

// DefaultImage implements cloud.Provider. Oracle's images with the driver of GPUs
// are of Oracle Linux; on Ubuntu the user data installs it.
func (p *Provider) DefaultImage(ctx context.Context, kind cloud.MachineKind) (string, error) {
	shape, ok := imageShapes[kind]
	if !ok {
		return "", &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"architecture %q is neither amd64, with GPUs or without, nor arm64 without GPUs", kind.Architecture)}
	}
	out, err := p.compute.ListImages(ctx, core.ListImagesRequest{
		CompartmentId: &p.location.CompartmentID, Shape: &shape,
		OperatingSystem: new("Canonical Ubuntu"), OperatingSystemVersion: new("24.04"),
		LifecycleState: core.ImageLifecycleStateAvailable,
		SortBy:         core.ListImagesSortByTimecreated, SortOrder: core.ListImagesSortOrderDesc, Limit: new(1),
	})
	if err != nil {
		return "", p.inCompartment(err)
	}
	if len(out.Items) == 0 {
		return "", &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"%s has no image of Ubuntu 24.04 for %s: set spec.nodeDefaults.imageID", p.location.Region, shape)}
	}
	return *out.Items[0].Id, nil
}

// ZoneOf is an availability domain without the tenancy's prefix.
func ZoneOf(domain string) string {
	if _, zone, ok := strings.Cut(domain, ":"); ok {
		return zone
	}
	return domain
}

// domain returns the full name of the availability domain of a zone.
func (p *Provider) domain(ctx context.Context, zone string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.domains == nil {
		out, err := p.identity.ListAvailabilityDomains(ctx, identity.ListAvailabilityDomainsRequest{CompartmentId: &p.location.CompartmentID})
		if err != nil {
			return "", p.inCompartment(err)
		}
		p.domains = map[string]string{}
		for _, d := range out.Items {
			p.domains[ZoneOf(*d.Name)] = *d.Name
		}
	}
	domain, ok := p.domains[zone]
	if !ok {
		return "", &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"%s has no availability domain %q, only %q", p.location.Region, zone, sortedKeys(p.domains))}
	}
	return domain, nil
}
