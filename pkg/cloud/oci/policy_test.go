// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// confined makes a user who may do what the statements say, and returns its key.
func confined(t *testing.T, c *ocitest.Cloud, key *rsa.PrivateKey, statements []string) *oci.APIKey {
	t.Helper()
	admin, tenancy, text := c.Identity(t), new(ocitest.TenancyID), new("omni")
	user, userErr := admin.CreateUser(t.Context(), identity.CreateUserRequest{CreateUserDetails: identity.CreateUserDetails{CompartmentId: tenancy, Name: text, Description: text}})
	group, groupErr := admin.CreateGroup(t.Context(), identity.CreateGroupRequest{CreateGroupDetails: identity.CreateGroupDetails{CompartmentId: tenancy, Name: text, Description: text}})
	if err := errors.Join(userErr, groupErr); err != nil {
		t.Fatal(err)
	}
	_, memberErr := admin.AddUserToGroup(t.Context(), identity.AddUserToGroupRequest{AddUserToGroupDetails: identity.AddUserToGroupDetails{UserId: user.Id, GroupId: group.Id}})
	_, policyErr := admin.CreatePolicy(t.Context(), identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
		CompartmentId: new(ocitest.CompartmentID), Name: text, Description: text, Statements: statements,
	}})
	der, derErr := x509.MarshalPKIXPublicKey(&key.PublicKey)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	uploaded, uploadErr := admin.UploadApiKey(t.Context(), identity.UploadApiKeyRequest{UserId: user.Id, CreateApiKeyDetails: identity.CreateApiKeyDetails{Key: &public}})
	if err := errors.Join(memberErr, policyErr, derErr, uploadErr); err != nil {
		t.Fatal(err)
	}
	return &oci.APIKey{UserID: *user.Id, Fingerprint: *uploaded.Fingerprint, PrivateKey: ocitest.PEM(key)}
}

// story is everything a Provider does.
func story(t *testing.T, l oci.Location) error {
	t.Helper()
	p := provider(t, l)
	if err := p.CheckCredentials(t.Context()); err != nil {
		return err
	}
	image, err := p.DefaultImage(t.Context(), "amd64")
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
	return errors.Join(listErr, getErr, consoleErr, p.Terminate(t.Context(), i.ID))
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
