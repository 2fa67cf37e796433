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

// GCPLocation names what a location uses in a Google Cloud project.
type GCPLocation struct {
	// ProjectID is the project. Immutable. Example: my-project-123456.
	// +k8s:required
	// +k8s:update=NoModify
	ProjectID string `json:"projectID"`

	// Network is the name of the VPC network of the machines. Immutable.
	// Example: omni-gcp-iowa.
	// +k8s:required
	// +k8s:update=NoModify
	Network string `json:"network"`

	// Subnetwork is the subnetwork in the region, with Cloud NAT, because the
	// machines have no external address: its name, or for a shared VPC the path
	// projects/<host>/regions/<region>/subnetworks/<name>. Example: omni-gcp-iowa.
	// +k8s:required
	Subnetwork string `json:"subnetwork"`

	// Zones are the zones of the region that machines may be bought in. At most 32.
	// Example: ["us-central1-a", "us-central1-b"].
	// +listType=set
	// +k8s:required
	// +k8s:listType=set
	// +k8s:maxItems=32
	Zones []string `json:"zones"`

	// NetworkTags are put on the machines, for the rules of the firewall. At most
	// 60. Default: none. Example: ["omni-gcp-iowa"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=60
	NetworkTags []string `json:"networkTags,omitempty"`

	// ServiceAccount is the service account that OMNI impersonates with a token of
	// the main cluster to launch and terminate machines. Default: none, which
	// needs credentials.secretRef.
	// Example: omni-gcp-iowa@my-project-123456.iam.gserviceaccount.com.
	// +optional
	ServiceAccount string `json:"serviceAccount,omitempty"`

	// WorkloadIdentityProvider is the provider of a workload identity pool that
	// trusts the tokens of the main cluster. Default: none, which needs
	// credentials.secretRef.
	// Example: projects/123456789012/locations/global/workloadIdentityPools/omni/providers/main.
	// +optional
	WorkloadIdentityProvider string `json:"workloadIdentityProvider,omitempty"`
}

// OCILocation identifies what a location uses in an Oracle Cloud tenancy.
type OCILocation struct {
	// TenancyID is the OCID of the tenancy. Immutable.
	// Example: ocid1.tenancy.oc1..aaaaaaaa.
	// +k8s:required
	// +k8s:update=NoModify
	TenancyID string `json:"tenancyID"`

	// CompartmentID is the OCID of the compartment of the machines. Immutable.
	// Example: ocid1.compartment.oc1..aaaaaaaa.
	// +k8s:required
	// +k8s:update=NoModify
	CompartmentID string `json:"compartmentID"`

	// VCNID is the OCID of the virtual cloud network. Immutable.
	// Example: ocid1.vcn.oc1.phx.aaaaaaaa.
	// +k8s:required
	// +k8s:update=NoModify
	VCNID string `json:"vcnID"`

	// SubnetIDs maps an availability domain, without the prefix of the tenancy, to
	// the OCID of the private subnet of its machines. At most 32.
	// Example: {"PHX-AD-1": "ocid1.subnet.oc1.phx.aaaaaaaa"}.
	// +k8s:required
	// +k8s:maxProperties=32
	SubnetIDs map[string]string `json:"subnetIDs"`

	// NSGID is the OCID of the security group of the machines.
	// Example: ocid1.networksecuritygroup.oc1.phx.aaaaaaaa.
	// +k8s:required
	NSGID string `json:"nsgID"`
}

// Credentials says how OMNI signs in to the cloud.
type Credentials struct {
	// SecretRef names a Secret of the same namespace in the main cluster.
	// For AWS it holds the keys aws_access_key_id and aws_secret_access_key; for
	// GCP the key of a service account, in JSON, under key.json; for OCI the keys
	// user, fingerprint and privateKey of an API key.
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
