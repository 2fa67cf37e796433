// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

const (
	instanceType = "VM.Standard.E5.Flex-4-32"
	// unknownID is an OCID of no machine.
	unknownID = "ocid1.instance.oc1.us-ashburn-1.aaaaaaaanosuchmachine"
)

// start starts an emulated cloud with a network and small pages, and returns a
// location in it.
func start(t *testing.T) (*ocitest.Cloud, oci.Location) {
	t.Helper()
	c := ocitest.Start(t, clock.RealClock{}, 20*time.Millisecond, 2)
	_, subnet, group := c.MakeNetwork(t)
	return c, oci.Location{
		ClusterID: "main", Namespace: "team-a", Name: "oci-ashburn", Region: ocitest.Region,
		TenancyID: ocitest.TenancyID, CompartmentID: ocitest.CompartmentID,
		SubnetIDs: map[string]string{ocitest.Zone: subnet}, NSGID: group,
		APIKey:   &oci.APIKey{UserID: ocitest.UserID, Fingerprint: c.Fingerprint, PrivateKey: c.PrivateKey},
		Endpoint: c.Endpoint,
	}
}

func provider(t *testing.T, l oci.Location) *oci.Provider {
	t.Helper()
	p, err := oci.New(l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(t *testing.T, p *oci.Provider, token string) cloud.LaunchRequest {
	t.Helper()
	image, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return cloud.LaunchRequest{
		ClientToken: token, EdgeUID: "uid-" + token, Name: "cast-" + token, InstanceType: instanceType, Zone: ocitest.Zone,
		Image: image, CapacityType: "on-demand", DiskGiB: 30, UserData: []byte("#cloud-config\n"),
	}
}

func launch(t *testing.T, p *oci.Provider, r cloud.LaunchRequest) *cloud.Instance {
	t.Helper()
	i, err := p.Launch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// wantClass fails the test unless err is of a class and has the words.
func wantClass(t *testing.T, err error, class cloud.ErrorClass, words ...string) {
	t.Helper()
	if err == nil || cloud.ClassOf(err) != class {
		t.Errorf("err = %v, want the class %s", err, class)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("err = %v, want %q in it", err, w)
		}
	}
}

func TestContract(t *testing.T) {
	_, l := start(t)
	elsewhere := l
	elsewhere.Name = "oci-ashburn-2"
	cloudtest.Run(t, cloudtest.Setup{
		Provider: provider(t, l), Elsewhere: provider(t, elsewhere), InstanceType: instanceType, Zone: ocitest.Zone,
		UnknownID: unknownID, UnknownImage: "ocid1.image.oc1.us-ashburn-1.aaaaaaaanosuchimage", Settle: time.Minute,
	})
}

// TestLaunch looks at the machine with another client than the provider's.
func TestLaunch(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	r := request(t, p, "spot")
	r.CapacityType, r.Tags = "spot", map[string]string{"team": "a"}
	id := launch(t, p, r).ID
	compute := c.Compute(t)
	got, err := compute.GetInstance(t.Context(), core.GetInstanceRequest{InstanceId: &id})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Shape != "VM.Standard.E5.Flex" || *got.ShapeConfig.Ocpus != 2 || *got.ShapeConfig.MemoryInGBs != 32 || *got.AvailabilityDomain != ocitest.Domain {
		t.Errorf("the machine is %s with %v in %s", *got.Shape, got.ShapeConfig, *got.AvailabilityDomain)
	}
	action, ok := got.PreemptibleInstanceConfig.PreemptionAction.(core.TerminatePreemptionAction)
	if !ok || *action.PreserveBootVolume {
		t.Errorf("preemption: %+v", got.PreemptibleInstanceConfig.PreemptionAction)
	}
	if data, err := base64.StdEncoding.DecodeString(got.Metadata["user_data"]); err != nil || string(data) != string(r.UserData) {
		t.Errorf("user_data %q, %v", data, err)
	}
	for key, want := range map[string]string{
		"team": "a", "omni-cast-ai/cluster-id": "main", "omni-cast-ai/namespace": "team-a",
		"omni-cast-ai/edge-location": "oci-ashburn", "omni-cast-ai/edge-id": "uid-spot",
	} {
		if got.FreeformTags[key] != want {
			t.Errorf("tag %s = %q, want %q", key, got.FreeformTags[key], want)
		}
	}
	if !*got.InstanceOptions.AreLegacyImdsEndpointsDisabled {
		t.Error("version 1 of the metadata service is on")
	}
	source, ok := got.SourceDetails.(core.InstanceSourceViaImageDetails)
	if !ok || *source.BootVolumeSizeInGBs != 50 {
		t.Errorf("source: %+v, want the smallest boot volume of 50 GB", got.SourceDetails)
	}
	found, err := p.Get(t.Context(), id)
	if err != nil || found.InstanceType != instanceType || found.Zone != ocitest.Zone || found.EdgeUID != r.EdgeUID || found.LaunchTime.IsZero() {
		t.Errorf("Get = %+v, %v", found, err)
	}
}

func TestListReadsAllPagesAndOnlyOurs(t *testing.T) {
	_, l := start(t)
	p := provider(t, l)
	for _, token := range []string{"a", "b", "c", "d", "e"} {
		launch(t, p, request(t, p, token))
	}
	other := l
	other.Name = "another-location"
	launch(t, provider(t, other), request(t, p, "z"))
	all, err := p.List(t.Context())
	if err != nil || len(all) != 5 {
		t.Errorf("List = %d machines, %v, want 5", len(all), err)
	}
	if i, err := p.FindByEdge(t.Context(), "uid-z"); i != nil || err != nil {
		t.Errorf("FindByEdge of another location = %v, %v", i, err)
	}
}

func TestConsoleOutput(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	id := launch(t, p, request(t, p, "console")).ID
	text, err := p.ConsoleOutput(t.Context(), id)
	if err != nil || !strings.Contains(text, "console of "+id) {
		t.Errorf("ConsoleOutput = %q, %v", text, err)
	}
	compute := c.Compute(t)
	left, err := compute.ListConsoleHistories(t.Context(), core.ListConsoleHistoriesRequest{CompartmentId: new(ocitest.CompartmentID)})
	if err != nil || len(left.Items) != 0 {
		t.Errorf("%d console histories are left, %v", len(left.Items), err)
	}
}

func TestDefaultImage(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	compute := c.Compute(t)
	for kind, want := range map[cloud.MachineKind]string{
		{Architecture: "amd64"}:            "Canonical-Ubuntu-24.04-2026.10.31-0",
		{Architecture: "amd64", GPU: true}: "Canonical-Ubuntu-24.04-2026.10.31-0",
		{Architecture: "arm64"}:            "Canonical-Ubuntu-24.04-aarch64-2026.10.31-0",
	} {
		id, err := p.DefaultImage(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if image, err := compute.GetImage(t.Context(), core.GetImageRequest{ImageId: &id}); err != nil || *image.DisplayName != want {
			t.Errorf("DefaultImage(%+v) = %v, %v, want %s", kind, image.DisplayName, err, want)
		}
	}
	_, err := p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "riscv64"})
	wantClass(t, err, cloud.ClassConfig, "riscv64")
	_, err = p.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "arm64", GPU: true})
	wantClass(t, err, cloud.ClassConfig, "GPU")
}
