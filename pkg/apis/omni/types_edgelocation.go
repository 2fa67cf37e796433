// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EdgeLocation is a region of a cloud in which the main cluster may run nodes.
// It becomes usable when its onboarding script has run; it is deleted in a safe
// order: its edges, the peering, then the object.
type EdgeLocation struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec   EdgeLocationSpec
	Status EdgeLocationStatus
}

// CloudProvider names the cloud of an edge location.
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
	Provider     CloudProvider
	Region       string
	Zones        []string
	Description  string
	AWS          *AWSLocation
	GCP          *GCPLocation
	OCI          *OCILocation
	Credentials  *Credentials
	ControlPlane EdgeControlPlane
	NodeDefaults *NodeDefaults
}

// EdgeControlPlane says where the control plane of the edge cluster runs.
type EdgeControlPlane struct {
	External *ExternalControlPlane
}

// ExternalControlPlane is an edge cluster that somebody else runs. Liqo must be
// installed on it.
type ExternalControlPlane struct {
	KubeconfigSecretRef LocalSecretReference
}

// NodeDefaults are the defaults of every machine of a location.
type NodeDefaults struct {
	ImageID  string
	DiskGiB  int32
	Tags     map[string]string
	UserData string
}

// EdgeLocationPhase is the state of a location in one word.
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
	Phase              EdgeLocationPhase
	ObservedGeneration int64
	Conditions         []metav1.Condition
	NodeTemplates      []string
	Edges              int32
	HourlyPrice        string
	Registration       *Registration
	EdgeClusterVersion string
	EdgeClusterID      string
	Secrets            []string
}

// Registration is what is kept of a registration token: never the token.
type Registration struct {
	TokenHash      string
	ExpirationTime metav1.Time
	UsedTime       *metav1.Time
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EdgeLocationList is a list of EdgeLocations.
type EdgeLocationList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []EdgeLocation
}
