// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package ocitest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
)

// User is a user who is no administrator.
type User struct {
	ID, Fingerprint string
	// PrivateKey in PEM.
	PrivateKey string
}

// AddUser makes a user of the group of this name, with a policy of these statements
// in the root compartment. The name is also the user's and the policy's.
func (c *Cloud) AddUser(t testing.TB, name string, key *rsa.PrivateKey, statements []string) *User {
	t.Helper()
	return AddUser(t, c.Identity(t), name, key, statements)
}

// AddUser does the same as the client's user, who is an administrator.
func AddUser(t testing.TB, admin identity.IdentityClient, name string, key *rsa.PrivateKey, statements []string) *User {
	t.Helper()
	tenancy := new(TenancyID)
	user, userErr := admin.CreateUser(t.Context(), identity.CreateUserRequest{CreateUserDetails: identity.CreateUserDetails{CompartmentId: tenancy, Name: &name, Description: &name}})
	group, groupErr := admin.CreateGroup(t.Context(), identity.CreateGroupRequest{CreateGroupDetails: identity.CreateGroupDetails{CompartmentId: tenancy, Name: &name, Description: &name}})
	if err := errors.Join(userErr, groupErr); err != nil {
		t.Fatal(err)
	}
	_, memberErr := admin.AddUserToGroup(t.Context(), identity.AddUserToGroupRequest{AddUserToGroupDetails: identity.AddUserToGroupDetails{UserId: user.Id, GroupId: group.Id}})
	_, policyErr := admin.CreatePolicy(t.Context(), identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
		CompartmentId: tenancy, Name: &name, Description: &name, Statements: statements,
	}})
	der, derErr := x509.MarshalPKIXPublicKey(&key.PublicKey)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	uploaded, uploadErr := admin.UploadApiKey(t.Context(), identity.UploadApiKeyRequest{UserId: user.Id, CreateApiKeyDetails: identity.CreateApiKeyDetails{Key: &public}})
	if err := errors.Join(memberErr, policyErr, derErr, uploadErr); err != nil {
		t.Fatal(err)
	}
	return &User{ID: *user.Id, Fingerprint: *uploaded.Fingerprint, PrivateKey: PEM(key)}
}

// Signer signs as the user.
func (u *User) Signer() common.ConfigurationProvider {
	return common.NewRawConfigurationProvider(TenancyID, u.ID, Region, u.Fingerprint, u.PrivateKey, nil)
}
