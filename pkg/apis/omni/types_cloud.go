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

// Credentials says how OMNI signs in to the cloud.
type Credentials struct {
	SecretRef *LocalSecretReference
}

// LocalSecretReference names a Secret of the same namespace in the main cluster.
type LocalSecretReference struct {
	Name string
}
