// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:supportsSubresource="/status"
// +k8s:supportsSubresource="/onboarding"
// +k8s:supportsSubresource="/onboard-script"

// EdgeLocation is a region of a cloud in which the main cluster may run nodes.
// It becomes usable when its onboarding script has run; it is deleted in a safe
// order: its edges, the peering, then the object.
type EdgeLocation struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object's metadata. The name has at most 30 characters, because
	// it is part of the names of cloud accounts.
	// +optional
	// +k8s:opaqueType
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the platform team asks for.
	// +optional
	Spec EdgeLocationSpec `json:"spec,omitempty"`
	// Status is what OMNI observes. Read-only.
	// +optional
	Status EdgeLocationStatus `json:"status,omitempty"`
}

// CloudProvider names the cloud of an edge location.
// +k8s:enum
type CloudProvider string

// The supported clouds.
const (
	// ProviderAWS is Amazon Web Services.
	ProviderAWS CloudProvider = "AWS"
	// ProviderGCP is Google Cloud.
	ProviderGCP CloudProvider = "GCP"
	// ProviderOCI is Oracle Cloud Infrastructure.
	ProviderOCI CloudProvider = "OCI"
	// ProviderCustom is no cloud: machines that somebody has already.
	ProviderCustom CloudProvider = "Custom"
)

// EdgeLocationSpec is the desired state of an EdgeLocation.
type EdgeLocationSpec struct {
	// Provider is the cloud of the location: AWS, GCP or OCI; or Custom, for
	// machines that you have already and join by hand. Immutable.
	// Example: AWS.
	// +k8s:required
	// +k8s:immutable
	Provider CloudProvider `json:"provider"`

	// Region is the cloud's own name of the region; in a Custom location a name
	// that you give. Immutable.
	// Example: us-west-2.
	// +k8s:required
	// +k8s:immutable
	Region string `json:"region"`

	// Zones narrows the location to these availability zones, named as the
	// cloud names them; in a Custom location those that its machines may be in.
	// At most 32. Default: every zone that has a subnet.
	// Example: ["us-west-2a", "us-west-2b"].
	// +optional
	// +listType=set
	// +k8s:optional
	// +k8s:listType=set
	// +k8s:maxItems=32
	Zones []string `json:"zones,omitempty"`

	// Description is free text for people. At most 256 characters. Default: none.
	// Example: GPUs for the ML team.
	// +optional
	// +k8s:optional
	// +k8s:maxLength=256
	Description string `json:"description,omitempty"`

	// AWS holds the identifiers of the location's network and identity in AWS.
	// The onboarding script fills it; set it by hand to bring your own network.
	// Default: what the script registers.
	// +optional
	// +k8s:optional
	// +k8s:update=NoUnset
	AWS *AWSLocation `json:"aws,omitempty"`

	// GCP holds the names of the location's network and identity in Google Cloud,
	// if that is the provider. Default: not set; machines are bought when it is.
	// +optional
	// +k8s:optional
	// +k8s:update=NoUnset
	GCP *GCPLocation `json:"gcp,omitempty"`

	// OCI holds the identifiers of the location's network in Oracle Cloud, if that
	// is the provider. Default: not set; machines are bought when it is.
	// +optional
	// +k8s:optional
	// +k8s:update=NoUnset
	OCI *OCILocation `json:"oci,omitempty"`

	// Credentials says how OMNI signs in to the cloud. Default: keyless, by
	// assuming aws.roleARN with a token of the main cluster.
	// +optional
	// +k8s:optional
	Credentials *Credentials `json:"credentials,omitempty"`

	// ControlPlane says where the control plane of the edge cluster runs: one
	// Kubernetes cluster per location, which the machines join as workers.
	ControlPlane EdgeControlPlane `json:"controlPlane"`

	// NodeDefaults are the defaults of every machine of this location. A Custom
	// location has none: its machines are yours. Default: those of its fields.
	// +optional
	// +k8s:optional
	NodeDefaults *NodeDefaults `json:"nodeDefaults,omitempty"`
}

// EdgeControlPlane says where the control plane of the edge cluster runs.
type EdgeControlPlane struct {
	// External uses a cluster that exists already: the only choice today.
	// Default: none; it has to be set.
	// +optional
	// +k8s:required
	External *ExternalControlPlane `json:"external,omitempty"`
}

// ExternalControlPlane is an edge cluster that somebody else runs. Liqo must be
// installed on it.
type ExternalControlPlane struct {
	// KubeconfigSecretRef names a Secret of the same namespace in the main
	// cluster that holds an administrator's kubeconfig of the edge cluster
	// under the key "kubeconfig".
	KubeconfigSecretRef LocalSecretReference `json:"kubeconfigSecretRef"`
}

// EdgeLocationPhase is the state of a location in one word.
// +k8s:enum
type EdgeLocationPhase string

// The phases of a location.
const (
	// EdgeLocationPending: the onboarding script has not run; in a Custom
	// location, which has none: the edge cluster has not answered yet.
	EdgeLocationPending EdgeLocationPhase = "Pending"
	// EdgeLocationIncompleteSetup: onboarded, but in no node template; in a
	// Custom location: no machine has joined.
	EdgeLocationIncompleteSetup EdgeLocationPhase = "Incomplete setup"
	// EdgeLocationInUse: a node template may buy machines here; in a Custom
	// location: a machine has joined.
	EdgeLocationInUse EdgeLocationPhase = "In use"
	// EdgeLocationFailed: something needs a person; see the conditions.
	EdgeLocationFailed EdgeLocationPhase = "Failed"
	// EdgeLocationOffboarding: deletion is under way.
	EdgeLocationOffboarding EdgeLocationPhase = "Offboarding"
)

// Condition types of an EdgeLocation. All are positive: True is good.
const (
	// ConditionOnboarded: the script has registered the location.
	ConditionOnboarded = "Onboarded"
	// ConditionCredentialsValid: the cloud accepts OMNI's credentials.
	ConditionCredentialsValid = "CredentialsValid"
	// ConditionControlPlaneReady: the API of the edge cluster answers and Liqo is there.
	ConditionControlPlaneReady = "ControlPlaneReady"
	// ConditionPeered: the main and the edge cluster have exchanged identities.
	ConditionPeered = "Peered"
	// ConditionCatalogFresh: the cloud has said which machines it offers, and at what
	// price, when it was asked last. It does not hold Ready back: what was known
	// before, or the snapshot, is used.
	ConditionCatalogFresh = "CatalogFresh"
	// ConditionInUse: at least one node template allows the location; a Custom
	// one has at least one Edge.
	ConditionInUse = "InUse"
	// ConditionReady: machines can be bought here now, or join.
	ConditionReady = "Ready"
)

// EdgeLocationStatus is the observed state of an EdgeLocation.
type EdgeLocationStatus struct {
	// Phase sums the conditions up: Pending, Incomplete setup, In use, Failed
	// or Offboarding.
	// +optional
	// +k8s:optional
	Phase EdgeLocationPhase `json:"phase,omitempty"`

	// ObservedGeneration is the generation of the spec the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions: Onboarded, CredentialsValid, ControlPlaneReady, Peered,
	// CatalogFresh, InUse and Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +k8s:optional
	// +k8s:listType=map
	// +k8s:listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// NodeTemplates are the names of the templates that allow this location.
	// +optional
	// +listType=set
	NodeTemplates []string `json:"nodeTemplates,omitempty"`

	// Edges is the number of machines of this location.
	// +optional
	// +k8s:optional
	// +k8s:minimum=0
	Edges int32 `json:"edges,omitempty"`

	// HourlyPrice is what the machines of this location cost together, in US
	// dollars per hour, as a decimal. Example: "0.0416".
	// +optional
	HourlyPrice string `json:"hourlyPrice,omitempty"`

	// Registration is the state of the registration token minted last.
	// +optional
	Registration *Registration `json:"registration,omitempty"`

	// EdgeClusterVersion is the Kubernetes version of the edge cluster.
	// Example: v1.37.1.
	// +optional
	EdgeClusterVersion string `json:"edgeClusterVersion,omitempty"`

	// EdgeClusterID is the edge cluster's identity to Liqo. It is kept so that a
	// peering can be removed from the main cluster when the edge cluster is gone.
	// +optional
	EdgeClusterID string `json:"edgeClusterID,omitempty"`

	// Secrets are the names of the Secrets that are held by a finalizer until the
	// location does not need them any more: without them its machines could not
	// be terminated.
	// +optional
	// +listType=set
	Secrets []string `json:"secrets,omitempty"`
}

// Registration is what is kept of a registration token: never the token.
type Registration struct {
	// TokenHash is the SHA-256 of the token, in hexadecimal.
	TokenHash string `json:"tokenHash"`

	// ExpirationTime ends the life of the token.
	ExpirationTime metav1.Time `json:"expirationTime"`

	// UsedTime is when the token was used; it cannot be used again.
	// +optional
	UsedTime *metav1.Time `json:"usedTime,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EdgeLocationList is a list of EdgeLocations.
type EdgeLocationList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []EdgeLocation `json:"items"`
}
