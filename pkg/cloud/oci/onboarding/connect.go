// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/cloud/oci"
)

// requestTimeout bounds one request.
const requestTimeout = 30 * time.Second

// connect makes the clients; it asks nobody. The home region is known by check.
func (s *session) connect() error {
	if s.HTTP == nil {
		s.HTTP = &http.Client{Timeout: requestTimeout}
	}
	var computeErr, networkErr, identityErr error
	s.compute, computeErr = core.NewComputeClientWithConfigurationProvider(s.Signer)
	s.network, networkErr = core.NewVirtualNetworkClientWithConfigurationProvider(s.Signer)
	s.regional, identityErr = identity.NewIdentityClientWithConfigurationProvider(s.Signer)
	if err := cmp.Or(computeErr, networkErr, identityErr); err != nil {
		return fmt.Errorf("read the configuration of the OCI CLI: %w", err)
	}
	s.compute.SetRegion(s.Region)
	s.network.SetRegion(s.Region)
	s.regional.SetRegion(s.Region)
	for _, client := range []*common.BaseClient{&s.compute.BaseClient, &s.network.BaseClient, &s.regional.BaseClient} {
		s.prepare(client, s.Region)
	}
	return nil
}

// prepare lets a client send its requests as the options say, each once: Identity's
// would repeat them for minutes.
func (s *session) prepare(client *common.BaseClient, region string) {
	client.HTTPClient = s.HTTP
	never := common.NoRetryPolicy()
	client.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	if s.Endpoint != nil {
		client.Host = s.Endpoint(region)
	}
}

// identity returns a client for Identity in a region.
func (s *session) identity(signer common.ConfigurationProvider, region string) (identity.IdentityClient, error) {
	client, err := identity.NewIdentityClientWithConfigurationProvider(signer)
	if err != nil {
		return client, err
	}
	client.SetRegion(region)
	s.prepare(&client.BaseClient, region)
	return client, nil
}

// check makes sure that the region can be used and the compartment is there. It
// returns the availability domains of the location by zone.
func (s *session) check(ctx context.Context) (domains map[string]string, err error) {
	s.begin("Check the credentials and the region")
	if err := s.findHome(ctx); err != nil {
		return nil, err
	}
	out, err := s.regional.GetCompartment(ctx, identity.GetCompartmentRequest{CompartmentId: &s.CompartmentID})
	if err != nil {
		return nil, s.refused(err, "read the compartment "+s.CompartmentID, "inspect compartments", s.CompartmentID)
	}
	if out.LifecycleState != identity.CompartmentLifecycleStateActive {
		return nil, fmt.Errorf("the compartment %s is %s: name one that is ACTIVE", s.CompartmentID, out.LifecycleState)
	}
	s.say("tenancy %s", s.tenancyID)
	s.say("compartment %s (%s)", *out.Name, s.CompartmentID)
	if domains, err = s.domains(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Keys.Load(ctx); err != nil {
		return nil, err
	}
	return domains, nil
}

// findHome finds the home region, and whether the tenancy may use the location's.
func (s *session) findHome(ctx context.Context) error {
	out, err := s.regional.ListRegionSubscriptions(ctx, identity.ListRegionSubscriptionsRequest{TenancyId: &s.tenancyID})
	if err != nil {
		return s.refused(err, "list the regions of the tenancy", "inspect tenancies", s.tenancyID)
	}
	home, names := "", []string{}
	for _, r := range out.Items {
		if r.Status == identity.RegionSubscriptionStatusReady {
			names = append(names, *r.RegionName)
		}
		if r.IsHomeRegion != nil && *r.IsHomeRegion {
			home = *r.RegionName
		}
	}
	if !slices.Contains(names, s.Region) {
		return fmt.Errorf("the tenancy is not subscribed to the region %s (spec.region), only to %s: "+
			"subscribe to it in the console under Governance, Region Management, or make the location in another region", s.Region, strings.Join(names, ", "))
	}
	s.home, err = s.identity(s.Signer, cmp.Or(home, s.Region))
	return err
}

// domains are the names of the availability domains by zone, those of the location.
func (s *session) domains(ctx context.Context) (map[string]string, error) {
	out, err := s.regional.ListAvailabilityDomains(ctx, identity.ListAvailabilityDomainsRequest{CompartmentId: &s.CompartmentID})
	if err != nil {
		return nil, s.refused(err, "list the availability domains", "inspect compartments", s.CompartmentID)
	}
	domains, zones := map[string]string{}, []string{}
	for _, d := range out.Items {
		zone := oci.ZoneOf(*d.Name)
		zones = append(zones, zone)
		if len(s.Zones) == 0 || slices.Contains(s.Zones, zone) {
			domains[zone] = *d.Name
		}
	}
	for _, zone := range s.Zones {
		if domains[zone] == "" {
			return nil, fmt.Errorf("the region %s has no availability domain %s (spec.zones), only %s", s.Region, zone, strings.Join(zones, ", "))
		}
	}
	return domains, nil
}
