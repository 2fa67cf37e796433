// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding_test

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// person are the permissions that docs/onboarding-oci.md asks for.
var person = []string{
	"Allow group people to inspect tenancies in tenancy",
	"Allow group people to manage users in tenancy",
	"Allow group people to manage groups in tenancy",
	"Allow group people to inspect compartments in compartment id " + ocitest.CompartmentID,
	"Allow group people to manage policies in compartment id " + ocitest.CompartmentID,
	"Allow group people to manage virtual-network-family in compartment id " + ocitest.CompartmentID,
	"Allow group people to inspect instances in compartment id " + ocitest.CompartmentID,
}

// TestPersonsPermissions: they are enough, and the error of a missing one is the
// statement that is missing.
func TestPersonsPermissions(t *testing.T) {
	key, err := userKey()
	if err != nil {
		t.Fatal(err)
	}
	for missing := -1; missing < len(person); missing++ {
		statements, want := slices.Clone(person), ""
		if missing >= 0 {
			_, want, _ = strings.Cut(person[missing], " to ")
			statements = slices.Delete(statements, missing, missing+1)
		}
		t.Run("without "+want, func(t *testing.T) {
			w := newWorld(t)
			as := ocitest.AddUser(t, w.administrator(), "people", key, statements).Signer()
			change := func(o *onboarding.Options) { o.Signer = as }
			_, err := w.onboard(0, change)
			if err == nil {
				_, err = w.offboard(0, change)
			}
			switch {
			case missing < 0 && err != nil:
				t.Error(err)
			case missing >= 0 && (err == nil || !strings.Contains(err.Error(), "Allow group <yours> to "+want)):
				t.Errorf("err = %v, want the statement %q", err, want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	inject := func(action, code string) func(*testing.T, *world, *onboarding.Options) {
		return func(t *testing.T, w *world, _ *onboarding.Options) {
			w.Inject(t, fault.Rule{Action: action, Code: code, Message: "vcn-count is 50"})
		}
	}
	for name, test := range map[string]struct {
		want   []string
		change func(*testing.T, *world, *onboarding.Options)
	}{
		"region not subscribed": {[]string{"not subscribed to the region eu-frankfurt-1", ocitest.HomeRegion}, func(_ *testing.T, _ *world, o *onboarding.Options) { o.Region = "eu-frankfurt-1" }},
		"no such zone":          {[]string{"spec.zones", "US-ASHBURN-AD-9", "US-ASHBURN-AD-1"}, func(_ *testing.T, _ *world, o *onboarding.Options) { o.Zones = []string{"US-ASHBURN-AD-9"} }},
		"bad range":             {[]string{`"10.0.0.0/8"`, "/16 to /29"}, func(_ *testing.T, _ *world, o *onboarding.Options) { o.VCNCIDR = "10.0.0.0/8" }},
		"no such compartment": {[]string{"ocid1.compartment.oc1..aaaanosuch", "inspect compartments"}, func(_ *testing.T, _ *world, o *onboarding.Options) {
			o.CompartmentID = "ocid1.compartment.oc1..aaaanosuch"
		}},
		"unknown key": {[]string{"does not accept the key", "fingerprint"}, func(_ *testing.T, w *world, o *onboarding.Options) {
			o.Signer = common.NewRawConfigurationProvider(ocitest.TenancyID, ocitest.UserID, ocitest.Region, w.Fingerprint, ocitest.PEM(stranger), nil)
		}},
		"limit":       {[]string{"make a VCN", "vcn-count", "LimitExceeded"}, inject("CreateVcn", "LimitExceeded")},
		"quota":       {[]string{"make a subnet", "QuotaExceeded"}, inject("CreateSubnet", "QuotaExceeded")},
		"e-mail":      {[]string{"make a user", "--user-email"}, inject("CreateUser", "InvalidParameter")},
		"unavailable": {[]string{"make a security group", "ServiceUnavailable"}, inject("CreateNetworkSecurityGroup", "ServiceUnavailable")},
		"no such subnet": {[]string{"ocid1.subnet.oc1.iad.nosuch"}, func(_ *testing.T, _ *world, o *onboarding.Options) {
			o.SubnetIDs = []string{"ocid1.subnet.oc1.iad.nosuch"}
		}},
		"subnets of two VCNs": {[]string{"two VCNs"}, func(t *testing.T, w *world, o *onboarding.Options) {
			_, one, _ := w.MakeNetwork(t)
			_, two, _ := w.MakeNetwork(t)
			o.SubnetIDs = []string{one, two}
		}},
		"registered elsewhere": {[]string{"spec.oci.vcnID", "--subnet"}, func(t *testing.T, w *world, o *onboarding.Options) {
			_, subnet, _ := w.MakeNetwork(t)
			o.SubnetIDs, o.Registered = []string{subnet}, &v1beta1.OCILocation{VCNID: "ocid1.vcn.oc1.iad.other"}
		}},
		"two VCNs with our tags": {[]string{"more than one VCN"}, func(t *testing.T, w *world, _ *onboarding.Options) {
			for range 2 {
				_, err := w.Network(t).CreateVcn(t.Context(), core.CreateVcnRequest{CreateVcnDetails: core.CreateVcnDetails{
					CompartmentId: new(ocitest.CompartmentID), CidrBlocks: []string{"10.0.0.0/16"}, FreeformTags: oci.Tags("main", "team-a", "oci-ashburn"),
				}})
				if err != nil {
					t.Fatal(err)
				}
			}
		}},
		"somebody's group": {[]string{"the group omni-oci-ashburn-", "has not the tags"}, func(t *testing.T, w *world, _ *onboarding.Options) {
			result := w.mustOnboard(nil)
			if _, err := w.offboard(0, nil); err != nil {
				t.Fatal(err)
			}
			w.registered = nil
			_, err := w.administrator().CreateGroup(t.Context(), identity.CreateGroupRequest{CreateGroupDetails: identity.CreateGroupDetails{
				CompartmentId: new(ocitest.TenancyID), Name: &result.Name, Description: new("somebody's"),
			}})
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := w.options()
			test.change(t, w, &o)
			_, err := onboarding.Onboard(t.Context(), o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want %q in it", err, want)
				}
			}
			if w.registered != nil {
				t.Errorf("registered %+v", w.registered)
			}
		})
	}
}

// TestOffboardRefuses: nothing is deleted while there are machines.
func TestOffboardRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		tags map[string]string
		want string
	}{
		"ours":       {oci.Tags("main", "team-a", "oci-ashburn"), "are still there"},
		"somebody's": {nil, "that OMNI did not make"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustOnboard(nil)
			id := launch(t, w, test.tags)
			before := w.Emulator.Count()
			_, err := w.offboard(0, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), id) {
				t.Errorf("err = %v, want %q and %s", err, test.want, id)
			}
			if after := w.Emulator.Count(); w.changes != 0 || !maps.Equal(before, after) || w.key == nil {
				t.Errorf("%d changes: %v, was %v", w.changes, after, before)
			}
		})
	}
}

// TestOffboardLeavesOthers: what has our name and not our tags stays and is named;
// what is in use is an error that says so.
func TestOffboardLeavesOthers(t *testing.T) {
	w := newWorld(t)
	result := w.mustOnboard(nil)
	_, err := w.Network(t).CreateSubnet(t.Context(), core.CreateSubnetRequest{CreateSubnetDetails: core.CreateSubnetDetails{
		CompartmentId: new(ocitest.CompartmentID), VcnId: &result.OCI.VCNID, CidrBlock: new("10.77.128.0/24"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.offboard(0, nil)
	if err == nil || !strings.Contains(err.Error(), "delete the VCN "+result.OCI.VCNID) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("err = %v, want the VCN in use", err)
	}
	if w.key == nil {
		t.Error("the key is gone, and the VCN is not")
	}
}

func launch(t *testing.T, w *world, tags map[string]string) string {
	t.Helper()
	p, err := oci.New(w.location())
	if err != nil {
		t.Fatal(err)
	}
	image, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	subnet := w.registered.SubnetIDs[ocitest.Zone]
	i, err := w.Compute(t).LaunchInstance(t.Context(), core.LaunchInstanceRequest{LaunchInstanceDetails: core.LaunchInstanceDetails{
		CompartmentId: new(ocitest.CompartmentID), AvailabilityDomain: new(ocitest.Domain), FreeformTags: tags,
		Shape: new("VM.Standard.E5.Flex"), ShapeConfig: &core.LaunchInstanceShapeConfigDetails{Ocpus: new(float32(1)), MemoryInGBs: new(float32(8))},
		SourceDetails: core.InstanceSourceViaImageDetails{ImageId: &image}, CreateVnicDetails: &core.CreateVnicDetails{SubnetId: &subnet},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return *i.Id
}
