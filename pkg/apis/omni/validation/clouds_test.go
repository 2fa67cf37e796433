// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
	"github.com/castai/omni/pkg/catalog"
)

func gcpLocation(change func(*omni.EdgeLocation)) *omni.EdgeLocation {
	l := location(nil)
	l.Spec.Provider, l.Spec.Region, l.Spec.Zones, l.Spec.AWS = omni.ProviderGCP, "us-central1", []string{"us-central1-a"}, nil
	l.Spec.NodeDefaults.ImageID = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
	l.Spec.GCP = &omni.GCPLocation{
		ProjectID: "my-project-123456", Network: "omni-gcp-iowa", Subnetwork: "omni-gcp-iowa",
		Zones: []string{"us-central1-a", "us-central1-f"}, NetworkTags: []string{"omni-gcp-iowa"},
		ServiceAccount:           "omni-gcp-iowa@my-project-123456.iam.gserviceaccount.com",
		WorkloadIdentityProvider: "projects/123456789012/locations/global/workloadIdentityPools/omni/providers/main",
	}
	if change != nil {
		change(l)
	}
	return l
}

func ociLocation(change func(*omni.EdgeLocation)) *omni.EdgeLocation {
	l := location(nil)
	l.Spec.Provider, l.Spec.Region, l.Spec.Zones, l.Spec.AWS = omni.ProviderOCI, "us-phoenix-1", []string{"PHX-AD-1"}, nil
	l.Spec.NodeDefaults.ImageID = "ocid1.image.oc1.phx.aaaaaaaa"
	l.Spec.OCI = &omni.OCILocation{
		TenancyID: "ocid1.tenancy.oc1..aaaaaaaa", CompartmentID: "ocid1.compartment.oc1..aaaaaaaa", VCNID: "ocid1.vcn.oc1.phx.aaaaaaaa",
		SubnetIDs: map[string]string{"PHX-AD-1": "ocid1.subnet.oc1.phx.aaaaaaaa"},
		NSGID:     "ocid1.networksecuritygroup.oc1.phx.aaaaaaaa",
	}
	if change != nil {
		change(l)
	}
	return l
}

func customLocation(change func(*omni.EdgeLocation)) *omni.EdgeLocation {
	l := location(nil)
	l.Spec = omni.EdgeLocationSpec{
		Provider: omni.ProviderCustom, Region: "berlin", Zones: []string{"rack-4"}, ControlPlane: l.Spec.ControlPlane,
	}
	if change != nil {
		change(l)
	}
	return l
}

func TestCustomLocation(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*omni.EdgeLocation)
		want   []string
	}{
		"valid":         {},
		"region":        {func(l *omni.EdgeLocation) { l.Spec.Region = "Berlin, Germany" }, []string{invalid + "spec.region"}},
		"zone":          {func(l *omni.EdgeLocation) { l.Spec.Zones = []string{"rack/4"} }, []string{invalid + "spec.zones[0]"}},
		"credentials":   {func(l *omni.EdgeLocation) { l.Spec.Credentials = location(nil).Spec.Credentials }, []string{forbidden + "spec.credentials"}},
		"node defaults": {func(l *omni.EdgeLocation) { l.Spec.NodeDefaults = location(nil).Spec.NodeDefaults }, []string{forbidden + "spec.nodeDefaults"}},
		"a network":     {func(l *omni.EdgeLocation) { l.Spec.OCI = ociLocation(nil).Spec.OCI }, []string{forbidden + "spec.oci"}},
	} {
		t.Run(name, func(t *testing.T) { expectCreate(t, customLocation(test.change), test.want) })
	}
	for name, test := range map[string]struct {
		change func(*omni.Edge)
		want   []string
	}{
		"valid":         {func(*omni.Edge) {}, nil},
		"template":      {func(e *omni.Edge) { e.Spec.NodeTemplateName = "default" }, []string{forbidden + "spec.nodeTemplateName"}},
		"spot":          {func(e *omni.Edge) { e.Spec.CapacityType = omni.CapacitySpot }, []string{forbidden + "spec.capacityType"}},
		"image":         {func(e *omni.Edge) { e.Spec.ImageID = "ami-0a1b2c3d" }, []string{invalid + "spec.imageID"}},
		"instance type": {func(e *omni.Edge) { e.Spec.InstanceType = "a/b" }, []string{invalid + "spec.instanceType"}},
	} {
		t.Run("edge: "+name, func(t *testing.T) {
			e := edge(func(e *omni.Edge) {
				e.Spec = omni.EdgeSpec{EdgeLocationName: "aws-oregon", InstanceType: "custom", Zone: "rack-4", CapacityType: omni.CapacityOnDemand}
				test.change(e)
			})
			expect(t, validation.ValidateEdgeInLocation(e, customLocation(nil)), test.want)
		})
	}
}

func TestUserData(t *testing.T) {
	for userData, want := range map[string][]string{
		"":                                nil,
		"#!/bin/sh\necho":                 nil,
		"#cloud-config\npackages: [a]\n":  nil,
		"#cloud-config\r\npackages: [a]":  nil,
		"#cloud-config":                   nil,
		"packages: [a]":                   {invalid + "spec.nodeDefaults.userData"},
		"#cloud-config\n- a":              {invalid + "spec.nodeDefaults.userData"},
		"#cloud-config\na: [":             {invalid + "spec.nodeDefaults.userData"},
		"## template: jinja\n":            {invalid + "spec.nodeDefaults.userData"},
		"#!" + strings.Repeat("a", 32768): {tooLong + "spec.nodeDefaults.userData"},
	} {
		expectCreate(t, location(func(l *omni.EdgeLocation) { l.Spec.NodeDefaults.UserData = userData }), want)
	}
}

// TestEdgeInLocation: every cloud takes its own names and none of another.
func TestEdgeInLocation(t *testing.T) {
	type names struct{ instanceType, zone, image string }
	clouds := map[*omni.EdgeLocation]names{
		location(nil):    {"u-6tb1.112xlarge", "us-west-2b", "ami-0a1b2c3d"},
		gcpLocation(nil): {"n2-highmem-4", "us-central1-f", "projects/p-12345/global/images/mine"},
		ociLocation(nil): {"VM.Standard.E5.Flex-4-32", "PHX-AD-2", "ocid1.image.oc1.phx.a"},
	}
	for l, own := range clouds {
		for _, given := range clouds {
			e := edge(func(e *omni.Edge) {
				e.Spec.InstanceType, e.Spec.Zone, e.Spec.ImageID = given.instanceType, given.zone, given.image
			})
			want := []string{invalid + "spec.instanceType", invalid + "spec.zone", invalid + "spec.imageID"}
			if given == own {
				want = nil
			}
			expect(t, validation.ValidateEdgeInLocation(e, l), want)
		}
		expect(t, validation.ValidateEdgeInLocation(edge(func(e *omni.Edge) {
			e.Spec.InstanceType, e.Spec.Zone, e.Spec.ImageID = own.instanceType, "", ""
		}), l), nil)
	}
	for _, fixed := range []string{"VM.GPU.A10.1", "BM.GPU4.8"} {
		e := edge(func(e *omni.Edge) { e.Spec.InstanceType, e.Spec.Zone, e.Spec.ImageID = fixed, "", "" })
		expect(t, validation.ValidateEdgeInLocation(e, ociLocation(nil)), nil)
	}
}

// TestCatalogNames: what the catalog sells can be asked for.
func TestCatalogNames(t *testing.T) {
	offers, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for l, regions := range map[*omni.EdgeLocation][]string{
		location(nil): {"us-west-2", "us-east-1", "eu-central-1"}, gcpLocation(nil): {"us-central1", "europe-west4"}, ociLocation(nil): {"us-ashburn-1"},
	} {
		for _, region := range regions {
			all := offers.Offerings(catalog.Region{Provider: string(l.Spec.Provider), Name: region})
			if len(all) == 0 {
				t.Errorf("nothing is sold in %s", region)
			}
			for _, o := range all {
				e := edge(func(e *omni.Edge) { e.Spec.InstanceType, e.Spec.Zone, e.Spec.ImageID = o.InstanceType, "", "" })
				expect(t, validation.ValidateEdgeInLocation(e, l), nil)
				expectCreate(t, e, nil)
				expectCreate(t, template(func(s *omni.NodeTemplateSpec) {
					s.Constraints.InstanceFamilies, s.Constraints.ExcludeInstanceFamilies = []string{o.Family}, nil
				}), nil)
			}
		}
	}
}

func TestValidateClouds(t *testing.T) {
	for name, test := range map[string]struct {
		location *omni.EdgeLocation
		want     []string
	}{
		"GCP":                {location: gcpLocation(nil)},
		"GCP before network": {location: gcpLocation(func(l *omni.EdgeLocation) { l.Spec.GCP = nil })},
		"GCP with a key": {location: gcpLocation(func(l *omni.EdgeLocation) {
			l.Spec.GCP.ServiceAccount, l.Spec.GCP.WorkloadIdentityProvider = "", ""
		})},
		"GCP with half an identity": {
			location: gcpLocation(func(l *omni.EdgeLocation) { l.Spec.GCP.WorkloadIdentityProvider = "" }),
			want:     []string{required + "spec.gcp.workloadIdentityProvider"},
		},
		"GCP by another's names": {
			location: gcpLocation(func(l *omni.EdgeLocation) {
				l.Spec.Region, l.Spec.Zones = "us-west-2", []string{"us-west-2a"}
				l.Spec.GCP.ProjectID, l.Spec.GCP.Network, l.Spec.GCP.Subnetwork = "P", "n_1", "-"
				l.Spec.GCP.NetworkTags, l.Spec.GCP.ServiceAccount = []string{"A"}, "me@example.com"
				l.Spec.GCP.WorkloadIdentityProvider = "main"
				l.Spec.NodeDefaults.ImageID = "ami-0a1b2c3d"
			}),
			want: []string{
				invalid + "spec.region", invalid + "spec.zones[0]", invalid + "spec.gcp.zones[0]", invalid + "spec.gcp.zones[1]",
				invalid + "spec.gcp.projectID", invalid + "spec.gcp.network", invalid + "spec.gcp.subnetwork", invalid + "spec.gcp.networkTags[0]",
				invalid + "spec.gcp.serviceAccount", invalid + "spec.gcp.workloadIdentityProvider",
				invalid + "spec.nodeDefaults.imageID",
			},
		},
		"GCP, empty": {
			location: gcpLocation(func(l *omni.EdgeLocation) { l.Spec.GCP = &omni.GCPLocation{} }),
			want: []string{
				required + "spec.gcp.projectID", required + "spec.gcp.network", required + "spec.gcp.subnetwork", required + "spec.gcp.zones",
			},
		},
		"OCI": {location: ociLocation(nil)},
		"OCI in the root compartment": {
			location: ociLocation(func(l *omni.EdgeLocation) { l.Spec.OCI.CompartmentID = l.Spec.OCI.TenancyID }),
		},
		"OCI by another's names": {
			location: ociLocation(func(l *omni.EdgeLocation) {
				l.Spec.Region, l.Spec.Zones, l.Spec.NodeDefaults.ImageID = "us-central1", []string{"Uocm:PHX-AD-1"}, "ocid1.vcn.oc1.phx.a"
				l.Spec.OCI = &omni.OCILocation{
					TenancyID: "ocid1.user.oc1..a", CompartmentID: "c", VCNID: "vcn-1", NSGID: "sg-1",
					SubnetIDs: map[string]string{"us-west-2a": "subnet-1"},
				}
			}),
			want: []string{
				invalid + "spec.region", invalid + "spec.zones[0]", invalid + "spec.nodeDefaults.imageID", invalid + "spec.oci.tenancyID",
				invalid + "spec.oci.compartmentID", invalid + "spec.oci.vcnID", invalid + "spec.oci.nsgID",
				invalid + "spec.oci.subnetIDs[us-west-2a]", invalid + "spec.oci.subnetIDs[us-west-2a]",
			},
		},
		"the network of another cloud": {
			location: ociLocation(func(l *omni.EdgeLocation) { l.Spec.GCP, l.Spec.AWS = gcpLocation(nil).Spec.GCP, location(nil).Spec.AWS }),
			want: []string{
				forbidden + "spec.aws", forbidden + "spec.gcp",
				invalid + "spec.aws.subnetIDs[us-west-2a]", invalid + "spec.gcp.zones[0]", invalid + "spec.gcp.zones[1]",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { expectCreate(t, test.location, test.want) })
	}
	expectUpdate(t, gcpLocation(func(l *omni.EdgeLocation) { l.Spec.GCP.ProjectID = "other-project" }), gcpLocation(nil), []string{invalid + "spec.gcp.projectID"})
	expectUpdate(t, ociLocation(func(l *omni.EdgeLocation) { l.Spec.OCI = nil }), ociLocation(nil), []string{invalid + "spec.oci"})
}
