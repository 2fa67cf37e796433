// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/onboard"
)

// TestProviderErrors: what is missing of a location in each cloud is named, and no
// cloud is asked.
func TestProviderErrors(t *testing.T) {
	gcp := func(change func(*v1beta1.EdgeLocation)) *v1beta1.EdgeLocation {
		l := location()
		l.Spec.Provider, l.Spec.Region, l.Spec.AWS, l.Spec.Credentials = v1beta1.ProviderGCP, "us-central1", nil, nil
		l.Spec.GCP = &v1beta1.GCPLocation{
			ProjectID: "my-project-123456", Network: "omni", Subnetwork: "omni", Zones: []string{"us-central1-a"},
			ServiceAccount:           onboard.ServiceAccountID("main", "team-a", "oregon") + "@my-project-123456.iam.gserviceaccount.com",
			WorkloadIdentityProvider: "projects/1/locations/global/workloadIdentityPools/omni/providers/main",
		}
		change(l)
		return l
	}
	oci := func(change func(*v1beta1.EdgeLocation)) *v1beta1.EdgeLocation {
		l := location()
		l.Spec.Provider, l.Spec.Region, l.Spec.AWS = v1beta1.ProviderOCI, "us-phoenix-1", nil
		l.Spec.OCI = &v1beta1.OCILocation{
			TenancyID: "ocid1.tenancy.oc1..a", CompartmentID: "ocid1.compartment.oc1..a", VCNID: "ocid1.vcn.oc1.phx.a",
			SubnetIDs: map[string]string{"PHX-AD-1": "ocid1.subnet.oc1.phx.a"}, NSGID: "ocid1.networksecuritygroup.oc1.phx.a",
		}
		change(l)
		return l
	}
	keys := &v1beta1.Credentials{SecretRef: &v1beta1.LocalSecretReference{Name: "keys"}}
	for name, test := range map[string]struct {
		location *v1beta1.EdgeLocation
		objects  []client.Object
		want     string
	}{
		"GCP without a network":       {location: gcp(func(l *v1beta1.EdgeLocation) { l.Spec.GCP = nil }), want: "spec.gcp is not set"},
		"GCP without credentials":     {location: gcp(func(l *v1beta1.EdgeLocation) { l.Spec.GCP.ServiceAccount = "" }), want: "spec.credentials.secretRef, or spec.gcp.serviceAccount"},
		"GCP by another's account":    {location: gcp(func(l *v1beta1.EdgeLocation) { l.Spec.GCP.ServiceAccount = "omni-other@p.iam.gserviceaccount.com" }), want: "spec.gcp.serviceAccount"},
		"GCP with a Secret of AWS":    {location: gcp(func(l *v1beta1.EdgeLocation) { l.Spec.Credentials = keys }), objects: []client.Object{secret("keys", map[string]string{"aws_access_key_id": "s3cr3t"})}, want: "key.json"},
		"GCP with a key that is none": {location: gcp(func(l *v1beta1.EdgeLocation) { l.Spec.Credentials = keys }), objects: []client.Object{secret("keys", map[string]string{"key.json": "s3cr3t"})}, want: "key"},
		"OCI without a network":       {location: oci(func(l *v1beta1.EdgeLocation) { l.Spec.OCI = nil }), want: "spec.oci is not set"},
		"OCI without credentials":     {location: oci(func(l *v1beta1.EdgeLocation) { l.Spec.Credentials = nil }), want: "spec.credentials.secretRef"},
		"OCI with half a key":         {location: oci(func(*v1beta1.EdgeLocation) {}), objects: []client.Object{secret("keys", map[string]string{"user": "s3cr3t"})}, want: "user, fingerprint, privateKey"},
		"OCI with a key that is none": {
			location: oci(func(*v1beta1.EdgeLocation) {}), want: "key",
			objects: []client.Object{secret("keys", map[string]string{"user": "ocid1.user.oc1..a", "fingerprint": "aa:bb", "privateKey": "s3cr3t"})},
		},
		"the network of another cloud": {location: oci(func(l *v1beta1.EdgeLocation) { l.Spec.Provider = v1beta1.ProviderAWS }), want: "spec.aws is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := direct(test.objects...).Provider(t.Context(), test.location)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%v, want an error about %s", err, test.want)
			}
			if class := cloud.ClassOf(err); class == cloud.ClassCapacity || class == cloud.ClassQuota {
				t.Errorf("class %s", class)
			}
		})
	}
}
