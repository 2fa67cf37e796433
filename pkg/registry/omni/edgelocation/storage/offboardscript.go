// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/pkg/registry/text"
)

// OffboardScriptREST serves edgelocations/offboard-script: the script that deletes
// what the onboarding script made. It can be read at any time, also before the
// location is deleted; the script itself refuses to run too early.
type OffboardScriptREST struct {
	text.Metadata
	locations rest.Getter
	config    OnboardConfig
}

var (
	_ rest.GetterWithOptions = &OffboardScriptREST{}
	_ rest.StorageMetadata   = &OffboardScriptREST{}
)

// New returns an object to describe the endpoint with; it is never served.
func (*OffboardScriptREST) New() runtime.Object { return &omni.EdgeLocation{} }

// Destroy does nothing: the store belongs to REST.
func (*OffboardScriptREST) Destroy() {}

// NewGetOptions returns the query parameters.
func (*OffboardScriptREST) NewGetOptions() (runtime.Object, bool, string) {
	return &omni.OffboardScriptOptions{}, false, ""
}

// Get returns the script as a stream. There is no secret in it.
func (r *OffboardScriptREST) Get(ctx context.Context, name string, _ runtime.Object) (runtime.Object, error) {
	object, err := r.locations.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	location := object.(*omni.EdgeLocation)
	if err := hasScript(location); err != nil {
		return nil, err
	}
	parameters := onboard.OffboardParameters{Place: r.config.place(location), GCP: registeredGCP(location)}
	if aws := location.Spec.AWS; aws != nil {
		parameters.AWS = onboard.AWSRegistered{AccountID: aws.AccountID, VPCID: aws.VPCID, RoleARN: aws.RoleARN}
	}
	if oci := location.Spec.OCI; oci != nil {
		parameters.OCI.CompartmentID, parameters.OCI.VCNID = oci.CompartmentID, oci.VCNID
	}
	if keys := location.Spec.Credentials; keys != nil && keys.SecretRef != nil {
		parameters.OCI.SecretName = keys.SecretRef.Name
	}
	script, err := onboard.RenderOffboard(parameters)
	if err != nil {
		return nil, err
	}
	return text.Text{MediaType: text.ShellScript, Body: script}, nil
}
