// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/aws"
	"github.com/castai/omni/pkg/cloud/gcp"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/onboard"
)

// maker makes a provider of what it was given; it asks nobody.
type maker func(context.Context) (cloud.Provider, error)

// hasNetwork says what is missing of a location that is not on board.
func hasNetwork(location *v1beta1.EdgeLocation) error {
	if location.IsCustom() {
		return &cloud.Error{Class: cloud.ClassConfig, Err: errors.New("a Custom location has no cloud to sign in to")}
	}
	if location.HasNetwork() {
		return nil
	}
	return &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
		"spec.%s is not set: run the onboarding script, or set it to a network of your own", strings.ToLower(string(location.Spec.Provider)))}
}

// maker returns what makes the provider of the location's cloud, whose network is
// set. keys is the Secret with credentials, nil if OMNI signs in without.
func (d *Direct) maker(location *v1beta1.EdgeLocation, keys *corev1.Secret) (maker, error) {
	switch location.Spec.Provider {
	case v1beta1.ProviderGCP:
		return d.gcp(location, keys)
	case v1beta1.ProviderOCI:
		return d.oci(location, keys)
	default:
		return d.aws(location, keys)
	}
}

func (d *Direct) aws(location *v1beta1.EdgeLocation, keys *corev1.Secret) (maker, error) {
	spec := location.Spec.AWS
	config := aws.Location{
		ClusterID: d.ClusterID, Namespace: location.Namespace, Name: location.Name, Region: location.Spec.Region, AccountID: spec.AccountID,
		SubnetIDs: spec.SubnetIDs, SecurityGroupID: spec.SecurityGroupID, InstanceProfile: spec.InstanceProfile,
		RoleARN: spec.RoleARN,
	}
	if d.Tokens != nil {
		config.IdentityToken = d.Tokens(awsAudience)
	}
	// The role is named after the location it was made for. All roles trust the
	// same ServiceAccount: without this, a team could name another team's role.
	if want := onboard.RoleName(d.ClusterID, location.Namespace, location.Name); spec.RoleARN != "" && !strings.HasSuffix(spec.RoleARN, ":role/"+want) {
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf(
			"spec.aws.roleARN %q is not this location's role: it has to be named %s, as the onboarding script does", spec.RoleARN, want)}
	}
	if keys != nil {
		values, err := required(keys, "aws_access_key_id", "aws_secret_access_key")
		if err != nil {
			return nil, err
		}
		config.AccessKeyID, config.SecretAccessKey = values[0], values[1]
	}
	return func(ctx context.Context) (cloud.Provider, error) { return aws.New(ctx, config) }, nil
}

func (d *Direct) gcp(location *v1beta1.EdgeLocation, keys *corev1.Secret) (maker, error) {
	spec := location.Spec.GCP
	config := gcp.Location{
		ClusterID: d.ClusterID, Namespace: location.Namespace, Name: location.Name, Region: location.Spec.Region, ProjectID: spec.ProjectID,
		Subnetwork: spec.Subnetwork, NetworkTags: spec.NetworkTags,
		ServiceAccount: spec.ServiceAccount, WorkloadIdentityProvider: spec.WorkloadIdentityProvider,
		Endpoint: d.Endpoints.GCP,
	}
	if d.Tokens != nil {
		config.IdentityToken = d.Tokens(gcpAudience + spec.WorkloadIdentityProvider)
	}
	// As with roles of AWS: all of them trust one ServiceAccount.
	if want := onboard.ServiceAccountID(d.ClusterID, location.Namespace, location.Name); spec.ServiceAccount != "" && !strings.HasPrefix(spec.ServiceAccount, want+"@") {
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf(
			"spec.gcp.serviceAccount %q is not this location's: it has to begin with %s@", spec.ServiceAccount, want)}
	}
	switch {
	case keys != nil:
		values, err := required(keys, "key.json")
		if err != nil {
			return nil, err
		}
		config.ServiceAccountKey = []byte(values[0])
	case spec.ServiceAccount == "":
		return nil, withoutCredentials("spec.gcp.serviceAccount with workloadIdentityProvider")
	}
	return func(ctx context.Context) (cloud.Provider, error) { return gcp.New(ctx, config) }, nil
}

func (d *Direct) oci(location *v1beta1.EdgeLocation, keys *corev1.Secret) (maker, error) {
	spec := location.Spec.OCI
	if keys == nil {
		return nil, withoutCredentials("")
	}
	values, err := required(keys, "user", "fingerprint", "privateKey")
	if err != nil {
		return nil, err
	}
	config := oci.Location{
		ClusterID: d.ClusterID, Namespace: location.Namespace, Name: location.Name, Region: location.Spec.Region,
		TenancyID: spec.TenancyID, CompartmentID: spec.CompartmentID, SubnetIDs: spec.SubnetIDs, NSGID: spec.NSGID,
		APIKey: &oci.APIKey{UserID: values[0], Fingerprint: values[1], PrivateKey: values[2]}, Endpoint: d.Endpoints.OCI,
	}
	return func(context.Context) (cloud.Provider, error) { return oci.New(config) }, nil
}

// required returns the values of the keys, all of which the Secret has to have.
func required(secret *corev1.Secret, keys ...string) ([]string, error) {
	values := make([]string, len(keys))
	for i, key := range keys {
		if values[i] = string(secret.Data[key]); values[i] == "" {
			return nil, &SecretError{credentialsField, secret.Namespace, secret.Name, "needs the keys " + strings.Join(keys, ", ")}
		}
	}
	return values, nil
}

func withoutCredentials(otherwise string) error {
	hint := "set spec.credentials.secretRef"
	if otherwise != "" {
		hint += ", or " + otherwise
	}
	return &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf("the location has no credentials: %s", hint)}
}
