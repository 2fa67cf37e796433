// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// OnboardScriptOptions are the query parameters of edgelocations/onboard-script.
type OnboardScriptOptions struct {
	metav1.TypeMeta
	VPCCIDR    string
	Network    string
	Subnetwork string
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// OffboardScriptOptions are the query parameters of edgelocations/offboard-script:
// none.
type OffboardScriptOptions struct {
	metav1.TypeMeta
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// OnboardScriptRequest is created on edgelocations/onboard-script. It mints a
// registration token that is good for one location, once, and for a short time;
// the answer holds the script with the token in it. Minting again revokes the
// token before.
type OnboardScriptRequest struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec   OnboardScriptRequestSpec
	Status OnboardScriptRequestStatus
}

// OnboardScriptRequestSpec is what is asked for.
type OnboardScriptRequestSpec struct {
	ExpirationSeconds int64
	VPCCIDR           string
	Network           string
	Subnetwork        string
}

// OnboardScriptRequestStatus is the answer; it is shown once and never stored.
type OnboardScriptRequestStatus struct {
	Script         string
	Token          string
	ExpirationTime metav1.Time
	ClusterID      string
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Onboarding is created on edgelocations/onboarding when the onboarding script
// has finished: it records what the script made. Who holds no registration token
// needs the permission to mint one (create on edgelocations/onboard-script).
type Onboarding struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec OnboardingSpec
}

// OnboardingSpec is what the script made.
type OnboardingSpec struct {
	Token string
	AWS   *AWSLocation
	GCP   *GCPLocation
	OCI   *OCILocation
}
