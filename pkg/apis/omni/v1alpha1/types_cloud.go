// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// AWSLocation identifies what the onboarding script made in an AWS account.
type AWSLocation struct {
	// AccountID is the 12-digit AWS account. Immutable.
	// Example: "123456789012".
	// +k8s:required
	// +k8s:update=NoModify
	AccountID string `json:"accountID"`

	// RoleARN is the IAM role that OMNI assumes with a web identity token of
	// the main cluster to launch and terminate machines. Default: none, which
	// needs credentials.secretRef.
	// Example: arn:aws:iam::123456789012:role/omni-aws-oregon.
	// +optional
	RoleARN string `json:"roleARN,omitempty"`

	// InstanceProfile is the IAM instance profile the machines run with.
	// Default: none, so a machine holds no AWS permission at all.
	// Example: omni-machine.
	// +optional
	InstanceProfile string `json:"instanceProfile,omitempty"`

	// VPCID is the VPC of the machines. Immutable.
	// Example: vpc-0a1b2c3d4e5f60718.
	// +k8s:required
	// +k8s:update=NoModify
	VPCID string `json:"vpcID"`

	// VPCCIDR is the IPv4 range of that VPC. Default: not known.
	// Example: 10.77.0.0/16.
	// +optional
	VPCCIDR string `json:"vpcCIDR,omitempty"`

	// SubnetIDs maps an availability zone to the private subnet in it. At most 32.
	// Example: {"us-west-2a": "subnet-0a1b2c3d4e5f60718"}.
	// +k8s:required
	// +k8s:maxProperties=32
	SubnetIDs map[string]string `json:"subnetIDs"`

	// SecurityGroupID is the security group of the machines: everything from
	// itself, egress only otherwise.
	// Example: sg-0a1b2c3d4e5f60718.
	// +k8s:required
	SecurityGroupID string `json:"securityGroupID"`
}

// Credentials says how OMNI signs in to the cloud.
type Credentials struct {
	// SecretRef names a Secret of the same namespace in the main cluster.
	// For AWS it holds the keys aws_access_key_id and aws_secret_access_key.
	// Default: none, which is keyless.
	// +optional
	// +k8s:optional
	SecretRef *LocalSecretReference `json:"secretRef,omitempty"`
}

// LocalSecretReference names a Secret of the same namespace in the main cluster.
type LocalSecretReference struct {
	// Name of the Secret. Example: aws-oregon-kubeconfig.
	// +k8s:required
	// +k8s:format=k8s-long-name
	Name string `json:"name"`
}
