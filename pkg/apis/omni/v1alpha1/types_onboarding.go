// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// OnboardScriptOptions are the query parameters of edgelocations/onboard-script.
type OnboardScriptOptions struct {
	metav1.TypeMeta `json:",inline"`

	// VPCCIDR is the IPv4 range of the network the script makes, in Google Cloud
	// of its one subnetwork.
	// Default: 10.77.0.0/16.
	// +optional
	VPCCIDR string `json:"vpcCIDR,omitempty"`

	// Network is a VPC network of your own for a location in Google Cloud, in the
	// project of the location; the script then makes no network, subnetwork or NAT.
	// Default: none, the script makes one. Example: edges.
	// +optional
	Network string `json:"network,omitempty"`

	// Subnetwork of Network in the region of the location, with a way out to the
	// internet. Default: none. Example: edges-us-west1.
	// +optional
	Subnetwork string `json:"subnetwork,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// OffboardScriptOptions are the query parameters of edgelocations/offboard-script:
// none.
type OffboardScriptOptions struct {
	metav1.TypeMeta `json:",inline"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// OnboardScriptRequest is created on edgelocations/onboard-script. It mints a
// registration token that is good for one location, once, and for a short time;
// the answer holds the script with the token in it. Minting again revokes the
// token before.
type OnboardScriptRequest struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is asked for.
	// +optional
	Spec OnboardScriptRequestSpec `json:"spec,omitempty"`
	// Status is the answer.
	// +optional
	Status OnboardScriptRequestStatus `json:"status,omitempty"`
}

// OnboardScriptRequestSpec is what is asked for.
type OnboardScriptRequestSpec struct {
	// ExpirationSeconds is the life of the token, 60 to 86400. Default: 3600.
	// +optional
	// +default=3600
	ExpirationSeconds int64 `json:"expirationSeconds,omitempty"`

	// VPCCIDR is the IPv4 range of the network the script makes, in Google Cloud
	// of its one subnetwork.
	// Default: 10.77.0.0/16.
	// +optional
	VPCCIDR string `json:"vpcCIDR,omitempty"`

	// Network is a VPC network of your own for a location in Google Cloud, in the
	// project of the location; the script then makes no network, subnetwork or NAT.
	// Default: none, the script makes one. Example: edges.
	// +optional
	Network string `json:"network,omitempty"`

	// Subnetwork of Network in the region of the location, with a way out to the
	// internet. Default: none. Example: edges-us-west1.
	// +optional
	Subnetwork string `json:"subnetwork,omitempty"`
}

// OnboardScriptRequestStatus is the answer; it is shown once and never stored.
type OnboardScriptRequestStatus struct {
	// Script is the onboarding script with the token in it. Keep it secret.
	// +optional
	Script string `json:"script,omitempty"`

	// Token is the registration token alone. Keep it secret.
	// +optional
	Token string `json:"token,omitempty"`

	// ExpirationTime ends the life of the token.
	// +optional
	ExpirationTime metav1.Time `json:"expirationTime,omitempty"`

	// ClusterID names the main cluster in the tags of everything that is made.
	// +optional
	ClusterID string `json:"clusterID,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Onboarding is created on edgelocations/onboarding when the onboarding script
// has finished: it records what the script made. Who holds no registration token
// needs the permission to mint one (create on edgelocations/onboard-script).
type Onboarding struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the script made.
	// +optional
	Spec OnboardingSpec `json:"spec,omitempty"`
}

// OnboardingSpec is what the script made.
type OnboardingSpec struct {
	// Token is the registration token. It is never stored nor returned.
	// +optional
	Token string `json:"token,omitempty"`

	// AWS is set for a location in AWS.
	// +optional
	// +k8s:optional
	AWS *AWSLocation `json:"aws,omitempty"`

	// GCP is set for a location in Google Cloud.
	// +optional
	// +k8s:optional
	GCP *GCPLocation `json:"gcp,omitempty"`

	// OCI is set for a location in Oracle Cloud.
	// +optional
	// +k8s:optional
	OCI *OCILocation `json:"oci,omitempty"`
}
