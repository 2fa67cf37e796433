// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// confined makes a user who may do what the statements say, and returns its key.
func confined(t *testing.T, c *ocitest.Cloud, key *rsa.PrivateKey, statements []string) *oci.APIKey {
	t.Helper()
	u := c.AddUser(t, "omni", key, statements)
	return &oci.APIKey{UserID: u.ID, Fingerprint: u.Fingerprint, PrivateKey: u.PrivateKey}
}

// story is everything a Provider does.
func story(t *testing.T, l oci.Location) error {
	t.Helper()
	p := provider(t, l)
	if err := p.CheckCredentials(t.Context()); err != nil {
		return err
	}
	image, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "amd64"})
	if err != nil {
		return err
	}
	i, err := p.Launch(t.Context(), cloud.LaunchRequest{
		ClientToken: "story", EdgeUID: "u", Name: "cast-u", InstanceType: instanceType, Zone: ocitest.Zone,
		Image: image, CapacityType: "spot", DiskGiB: 50,
	})
	if err != nil {
		return err
	}
	_, listErr := p.List(t.Context())
	_, getErr := p.Get(t.Context(), i.ID)
	_, consoleErr := p.ConsoleOutput(t.Context(), i.ID)
	offeringsErr := p.ListOfferings(t.Context(), nil).Err()
	return errors.Join(listErr, getErr, consoleErr, offeringsErr, p.Terminate(t.Context(), i.ID))
}

// TestLeastPrivilege: the policy is enough, and no statement of it is too much.
func TestLeastPrivilege(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	all := oci.PolicyStatements("omni", ocitest.CompartmentID)
	t.Run("all", func(t *testing.T) {
		c, l := start(t)
		l.APIKey = confined(t, c, key, all)
		if err := story(t, l); err != nil {
			t.Error(err)
		}
		signer := common.NewRawConfigurationProvider(ocitest.TenancyID, l.APIKey.UserID, ocitest.Region, l.APIKey.Fingerprint, l.APIKey.PrivateKey, nil)
		network, err := core.NewVirtualNetworkClientWithConfigurationProvider(signer)
		if err != nil {
			t.Fatal(err)
		}
		c.Use(&network.BaseClient)
		if _, err := network.DeleteSubnet(t.Context(), core.DeleteSubnetRequest{SubnetId: new(l.SubnetIDs[ocitest.Zone])}); err == nil {
			t.Error("the policy lets the provider delete a subnet")
		}
	})
	for n, statement := range all {
		t.Run("without "+statement, func(t *testing.T) {
			c, l := start(t)
			l.APIKey = confined(t, c, key, slices.Delete(slices.Clone(all), n, n+1))
			if err := story(t, l); err == nil {
				t.Error("it is not needed")
			} else if cloud.ClassOf(err) != cloud.ClassAuth && cloud.ClassOf(err) != cloud.ClassConfig {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// TestPolicyOfTheRoot: the policy language has no OCID for the root compartment.
func TestPolicyOfTheRoot(t *testing.T) {
	for compartment, want := range map[string]string{
		ocitest.TenancyID:     "Allow group omni to manage instances in tenancy",
		ocitest.CompartmentID: "Allow group omni to manage instances in compartment id " + ocitest.CompartmentID,
	} {
		if got := oci.PolicyStatements("omni", compartment); !slices.Contains(got, want) {
			t.Errorf("%q has not %q", got, want)
		}
	}
}
