// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"context"
	"crypto/md5" //nolint:gosec // OCI's fingerprints are MD5
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/cloud/oci"
)

// keyBits is the size of the keys that OCI's own tools make.
const keyBits = 2048

// Permissions that the person needs, in the tenancy and in the compartment.
const (
	manageUsers    = "manage users"
	manageGroups   = "manage groups"
	managePolicies = "manage policies"
)

// makeIdentity makes a user that may do what the controller does, and its key.
func (s *session) makeIdentity(ctx context.Context) (*oci.APIKey, error) {
	s.begin("User and group")
	user, err := s.makeUser(ctx)
	if err != nil {
		return nil, err
	}
	group, err := s.makeGroup(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.join(ctx, user, group); err != nil {
		return nil, err
	}
	s.begin("Policy")
	if err := s.makePolicy(ctx); err != nil {
		return nil, err
	}
	s.begin("API key")
	key, err := s.makeKey(ctx, user)
	if err != nil {
		return nil, err
	}
	s.say("key %s, waiting until OCI knows it", key.Fingerprint)
	return key, s.tryKey(ctx, key)
}

func (s *session) description() *string {
	text := fmt.Sprintf("OMNI launches and terminates the machines of %s/%s", s.Namespace, s.Name)
	return &text
}

// foreign is the error of a name that somebody else has taken.
func (s *session) foreign(kind, id string) error {
	return fmt.Errorf("the %s %s (%s) has not the tags of %s/%s: rename or delete it, and run this again", kind, s.name, id, s.Namespace, s.Name)
}

func (s *session) makeUser(ctx context.Context) (id string, err error) {
	out, err := s.home.ListUsers(ctx, identity.ListUsersRequest{CompartmentId: &s.tenancyID, Name: &s.name})
	if err != nil {
		return "", s.refused(err, "list the users", manageUsers, s.tenancyID)
	}
	if len(out.Items) > 0 {
		found := out.Items[0]
		if !s.ours(found.FreeformTags) {
			return "", s.foreign("user", *found.Id)
		}
		s.say("user %s (%s)", s.name, *found.Id)
		return *found.Id, nil
	}
	details := identity.CreateUserDetails{CompartmentId: &s.tenancyID, Name: &s.name, Description: s.description(), FreeformTags: s.tags}
	if s.UserEmail != "" {
		details.Email = &s.UserEmail
	}
	user, err := s.home.CreateUser(ctx, identity.CreateUserRequest{CreateUserDetails: details})
	if err != nil {
		err = s.refused(err, "make a user", manageUsers, s.tenancyID)
		if s.UserEmail == "" {
			err = fmt.Errorf("%w. If it is about an e-mail address, which a tenancy may want of every user, pass --user-email", err)
		}
		return "", err
	}
	s.say("user %s (%s)", s.name, *user.Id)
	return *user.Id, nil
}

func (s *session) makeGroup(ctx context.Context) (id string, err error) {
	out, err := s.home.ListGroups(ctx, identity.ListGroupsRequest{CompartmentId: &s.tenancyID, Name: &s.name})
	if err != nil {
		return "", s.refused(err, "list the groups", manageGroups, s.tenancyID)
	}
	if len(out.Items) > 0 {
		found := out.Items[0]
		if !s.ours(found.FreeformTags) {
			return "", s.foreign("group", *found.Id)
		}
		s.say("group %s (%s)", s.name, *found.Id)
		return *found.Id, nil
	}
	group, err := s.home.CreateGroup(ctx, identity.CreateGroupRequest{CreateGroupDetails: identity.CreateGroupDetails{
		CompartmentId: &s.tenancyID, Name: &s.name, Description: s.description(), FreeformTags: s.tags,
	}})
	if err != nil {
		return "", s.refused(err, "make a group", manageGroups, s.tenancyID)
	}
	s.say("group %s (%s)", s.name, *group.Id)
	return *group.Id, nil
}

// join puts the user into the group.
func (s *session) join(ctx context.Context, user, group string) error {
	out, err := s.home.ListUserGroupMemberships(ctx, identity.ListUserGroupMembershipsRequest{CompartmentId: &s.tenancyID, UserId: &user, GroupId: &group})
	if err == nil && len(out.Items) == 0 {
		_, err = s.home.AddUserToGroup(ctx, identity.AddUserToGroupRequest{AddUserToGroupDetails: identity.AddUserToGroupDetails{UserId: &user, GroupId: &group}})
	}
	if err != nil {
		return s.refused(err, "put the user into the group", manageGroups, s.tenancyID)
	}
	return nil
}

// makePolicy makes the policy of the group, or sets its statements: an older release
// may have written others.
func (s *session) makePolicy(ctx context.Context) error {
	statements := oci.PolicyStatements(s.name, s.CompartmentID)
	out, err := s.home.ListPolicies(ctx, identity.ListPoliciesRequest{CompartmentId: &s.CompartmentID, Name: &s.name})
	switch {
	case err != nil:
	case len(out.Items) == 0:
		_, err = s.home.CreatePolicy(ctx, identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
			CompartmentId: &s.CompartmentID, Name: &s.name, Description: s.description(), Statements: statements, FreeformTags: s.tags,
		}})
	case !s.ours(out.Items[0].FreeformTags):
		return s.foreign("policy", *out.Items[0].Id)
	case !slices.Equal(out.Items[0].Statements, statements):
		_, err = s.home.UpdatePolicy(ctx, identity.UpdatePolicyRequest{PolicyId: out.Items[0].Id, UpdatePolicyDetails: identity.UpdatePolicyDetails{Statements: statements}})
	}
	if err != nil {
		return s.refused(err, "set the policy", managePolicies, s.CompartmentID)
	}
	for _, statement := range statements {
		s.say("%s", statement)
	}
	return nil
}

// makeKey returns the user's key, made and kept before its public half is uploaded:
// so no key is ever known to OCI whose private half nobody holds.
func (s *session) makeKey(ctx context.Context, user string) (*oci.APIKey, error) {
	key, err := s.Keys.Load(ctx)
	if err != nil {
		return nil, err
	}
	public, valid := publicHalf(key)
	if !valid || key.UserID != user {
		private, err := s.NewKey()
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		if key, err = newAPIKey(user, private); err != nil {
			return nil, err
		}
		if err := s.Keys.Store(ctx, key); err != nil {
			return nil, err
		}
		public, _ = publicHalf(key)
	}
	return key, s.upload(ctx, key, public)
}

// upload makes the key the only one of the user. Others are of runs whose Secret is
// gone; OCI takes three.
func (s *session) upload(ctx context.Context, key *oci.APIKey, public string) error {
	out, err := s.home.ListApiKeys(ctx, identity.ListApiKeysRequest{UserId: &key.UserID})
	if err != nil {
		return s.refused(err, "list the API keys of the user", manageUsers, s.tenancyID)
	}
	known := false
	for _, k := range out.Items {
		if *k.Fingerprint == key.Fingerprint {
			known = true
			continue
		}
		_, err := s.home.DeleteApiKey(ctx, identity.DeleteApiKeyRequest{UserId: &key.UserID, Fingerprint: k.Fingerprint})
		if err != nil && !isAbsent(err) {
			return s.refused(err, "delete the API key "+*k.Fingerprint, manageUsers, s.tenancyID)
		}
		s.say("key %s deleted: nobody holds it", *k.Fingerprint)
	}
	if known {
		return nil
	}
	_, err = s.home.UploadApiKey(ctx, identity.UploadApiKeyRequest{UserId: &key.UserID, CreateApiKeyDetails: identity.CreateApiKeyDetails{Key: &public}})
	if err != nil {
		return s.refused(err, "upload the API key", manageUsers, s.tenancyID)
	}
	return nil
}

// tryKey waits until the region knows the key and the policy: it takes seconds.
func (s *session) tryKey(ctx context.Context, key *oci.APIKey) error {
	signer := common.NewRawConfigurationProvider(s.tenancyID, key.UserID, s.Region, key.Fingerprint, key.PrivateKey, nil)
	client, err := s.identity(signer, s.Region)
	if err != nil {
		return fmt.Errorf("use the new API key: %w", err)
	}
	return s.until(ctx, "OCI knows the API key "+key.Fingerprint, func(ctx context.Context) (bool, error) {
		_, err := client.GetCompartment(ctx, identity.GetCompartmentRequest{CompartmentId: &s.CompartmentID})
		failure, refused := common.IsServiceError(err)
		if refused && slices.Contains([]int{http.StatusUnauthorized, http.StatusNotFound}, failure.GetHTTPStatusCode()) {
			return false, nil
		}
		if err != nil {
			return false, s.refused(err, "use the new API key", "inspect compartments", s.CompartmentID)
		}
		return true, nil
	})
}

func newAPIKey(user string, private *rsa.PrivateKey) (*oci.APIKey, error) {
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, errors.New("encode the public half of the key")
	}
	return &oci.APIKey{
		UserID: user, Fingerprint: fingerprint(der),
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})),
	}, nil
}

// publicHalf is the public key in PEM; false if the key is none, or its fingerprint
// is another's.
func publicHalf(key *oci.APIKey) (string, bool) {
	if key == nil {
		return "", false
	}
	private, err := common.PrivateKeyFromBytes([]byte(key.PrivateKey), nil)
	if err != nil {
		return "", false
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil || fingerprint(der) != key.Fingerprint {
		return "", false
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), true
}

// fingerprint of a public key in DER:
// https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm#four
func fingerprint(der []byte) string {
	sum := md5.Sum(der) //nolint:gosec // see above
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(parts, ":")
}
