// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

// AWSLocation identifies what the onboarding script made in an AWS account.
type AWSLocation struct {
	AccountID       string
	RoleARN         string
	InstanceProfile string
	VPCID           string
	VPCCIDR         string
	SubnetIDs       map[string]string
	SecurityGroupID string
}

// GCPLocation names what a location uses in a Google Cloud project.
type GCPLocation struct {
	ProjectID                string
	Network                  string
	Subnetwork               string
	Zones                    []string
	NetworkTags              []string
	ServiceAccount           string
	WorkloadIdentityProvider string
}

// OCILocation identifies what a location uses in an Oracle Cloud tenancy.
type OCILocation struct {
	TenancyID     string
	CompartmentID string
	VCNID         string
	SubnetIDs     map[string]string
	NSGID         string
}

// Credentials says how OMNI signs in to the cloud.
type Credentials struct {
	SecretRef *LocalSecretReference
}

// LocalSecretReference names a Secret of the same namespace in the main cluster.
type LocalSecretReference struct {
	Name string
}
