// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/fault"
	emulator "github.com/castai/omni/test/emulator/oci"
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
	image, err := p.DefaultImage(t.Context(), "amd64")
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
	left, err := compute.ListConsoleHistories(t.Context(), core.ListConsoleHistoriesRequest{CompartmentId: common.String(ocitest.CompartmentID)})
	if err != nil || len(left.Items) != 0 {
		t.Errorf("%d console histories are left, %v", len(left.Items), err)
	}
}

func TestFaultClasses(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	for name, tc := range map[string]struct {
		fault fault.Rule
		class cloud.ErrorClass
	}{
		"no host":           {emulator.OutOfHostCapacity(), cloud.ClassCapacity},
		"internal":          {fault.Rule{Code: "InternalError"}, cloud.ClassTransient},
		"service limit":     {fault.Rule{Code: "LimitExceeded"}, cloud.ClassQuota},
		"compartment quota": {fault.Rule{Code: "QuotaExceeded"}, cloud.ClassQuota},
		"throttled":         {fault.Rule{Code: "TooManyRequests"}, cloud.ClassThrottle},
		"not authenticated": {fault.Rule{Code: "NotAuthenticated"}, cloud.ClassAuth},
		"not authorized":    {fault.Rule{Code: "NotAuthorized"}, cloud.ClassAuth},
		"no permission":     {fault.Rule{Code: "NotAuthorizedOrNotFound"}, cloud.ClassAuth},
		"related":           {fault.Rule{Code: "RelatedResourceNotAuthorizedOrNotFound"}, cloud.ClassConfig},
		"invalid":           {fault.Rule{Code: "InvalidParameter"}, cloud.ClassConfig},
		"not the home":      {fault.Rule{Code: "NotAllowed"}, cloud.ClassConfig},
		"token":             {fault.Rule{Code: "InvalidatedRetryToken"}, cloud.ClassIdempotency},
		"busy":              {fault.Rule{Code: "IncorrectState"}, cloud.ClassTransient},
		"unavailable":       {fault.Rule{Code: "ServiceUnavailable"}, cloud.ClassTransient},
	} {
		t.Run(name, func(t *testing.T) {
			tc.fault.Action = "LaunchInstance"
			c.Inject(t, tc.fault)
			_, err := p.Launch(t.Context(), request(t, p, name))
			wantClass(t, err, tc.class)
		})
	}
	if all, err := p.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("refused launches left %d machines, %v", len(all), err)
	}
}

// TestLostAnswer: the machine is there, although the launch failed.
func TestLostAnswer(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	c.Inject(t, fault.Rule{Action: "LaunchInstance", Code: "ServiceUnavailable", After: true, Count: 1})
	r := request(t, p, "lost")
	_, err := p.Launch(t.Context(), r)
	wantClass(t, err, cloud.ClassTransient)
	found, err := p.FindByEdge(t.Context(), r.EdgeUID)
	if err != nil || found == nil {
		t.Fatalf("FindByEdge = %v, %v", found, err)
	}
	if again := launch(t, p, r); again.ID != found.ID {
		t.Errorf("the repeated launch gave %s, want %s", again.ID, found.ID)
	}
}

// TestUnknownIsNotGone: OCI answers 404 for what the credentials may not see.
func TestUnknownIsNotGone(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []fault.Rule
		class  cloud.ErrorClass
	}{
		"may list, may not read":    {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}}, cloud.ClassAuth},
		"may do nothing":            {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "NotAuthorizedOrNotFound"}}, cloud.ClassAuth},
		"the proof does not answer": {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "ServiceUnavailable"}}, cloud.ClassTransient},
		"the cloud does not answer": {[]fault.Rule{{Action: "GetInstance", Code: "ServiceUnavailable"}}, cloud.ClassTransient},
		"a 404 of something else":   {[]fault.Rule{{Action: "GetInstance", Code: "NotFound"}}, cloud.ClassConfig},
		"the proof is throttled":    {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "TooManyRequests"}}, cloud.ClassThrottle},
	} {
		t.Run(name, func(t *testing.T) {
			c, l := start(t)
			p := provider(t, l)
			id := launch(t, p, request(t, p, "there")).ID
			for _, f := range tc.faults {
				c.Inject(t, f)
				f.Action = strings.Replace(f.Action, "GetInstance", "TerminateInstance", 1)
				c.Inject(t, f)
			}
			i, err := p.Get(t.Context(), id)
			if i != nil {
				t.Errorf("Get = %+v", i)
			}
			wantClass(t, err, tc.class)
			wantClass(t, p.Terminate(t.Context(), id), tc.class)
		})
	}
}

func TestIDOfAnotherCloudIsNotGone(t *testing.T) {
	_, l := start(t)
	p := provider(t, l)
	const id = "i-0123456789abcdef0"
	i, err := p.Get(t.Context(), id)
	if i != nil {
		t.Errorf("Get = %+v", i)
	}
	wantClass(t, err, cloud.ClassConfig)
	wantClass(t, p.Terminate(t.Context(), id), cloud.ClassConfig)
}

func TestTerminateWhileTheMachineChanges(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	id := launch(t, p, request(t, p, "busy")).ID
	c.Inject(t, fault.Rule{Action: "TerminateInstance", Code: "IncorrectState", Count: 1})
	wantClass(t, p.Terminate(t.Context(), id), cloud.ClassTransient)
	if err := p.Terminate(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c.Inject(t, fault.Rule{Action: "TerminateInstance", Code: "IncorrectState", Count: 1})
	if err := p.Terminate(t.Context(), id); err != nil {
		t.Errorf("ending a machine that ends: %v", err)
	}
}

// TestConfiguration: each error names what is wrong.
func TestConfiguration(t *testing.T) {
	_, l := start(t)
	image := request(t, provider(t, l), "").Image
	const missing = "ocid1.thing.oc1.us-ashburn-1.missing"
	for name, tc := range map[string]struct {
		class  cloud.ErrorClass
		words  string
		change func(*oci.Location, *cloud.LaunchRequest)
	}{
		"subnet gone":       {cloud.ClassConfig, "spec.oci.subnetIDs[" + ocitest.Zone + "]", func(l *oci.Location, _ *cloud.LaunchRequest) { l.SubnetIDs = map[string]string{ocitest.Zone: missing} }},
		"group gone":        {cloud.ClassConfig, "spec.oci.nsgID", func(l *oci.Location, _ *cloud.LaunchRequest) { l.NSGID = missing }},
		"image gone":        {cloud.ClassConfig, "the image", func(_ *oci.Location, r *cloud.LaunchRequest) { r.Image = missing }},
		"compartment gone":  {cloud.ClassAuth, "spec.oci.compartmentID", func(l *oci.Location, _ *cloud.LaunchRequest) { l.CompartmentID = missing }},
		"no such shape":     {cloud.ClassCapacity, "does not offer", func(_ *oci.Location, r *cloud.LaunchRequest) { r.InstanceType = "VM.Standard9.1" }},
		"no size":           {cloud.ClassConfig, "<vCPUs>-<GiB>", func(_ *oci.Location, r *cloud.LaunchRequest) { r.InstanceType = "VM.Standard.E5.Flex" }},
		"no subnet in zone": {cloud.ClassConfig, ocitest.Zone, func(_ *oci.Location, r *cloud.LaunchRequest) { r.Zone = "US-ASHBURN-AD-2" }},
		"no such zone":      {cloud.ClassConfig, "US-ASHBURN-AD-3", func(l *oci.Location, r *cloud.LaunchRequest) { l.SubnetIDs["AD-9"], r.Zone = "x", "AD-9" }},
		"tag with a period": {cloud.ClassConfig, `"a.b"`, func(_ *oci.Location, r *cloud.LaunchRequest) { r.Tags = map[string]string{"a.b": "c"} }},
		"too many tags": {cloud.ClassConfig, "takes 6", func(_ *oci.Location, r *cloud.LaunchRequest) {
			r.Tags = map[string]string{"1": "", "2": "", "3": "", "4": "", "5": "", "6": "", "7": ""}
		}},
		"too much user data": {cloud.ClassConfig, "32000", func(_ *oci.Location, r *cloud.LaunchRequest) { r.UserData = make([]byte, 24000) }},
	} {
		t.Run(name, func(t *testing.T) {
			place := l
			place.SubnetIDs = map[string]string{ocitest.Zone: l.SubnetIDs[ocitest.Zone]}
			r := cloud.LaunchRequest{
				ClientToken: name, EdgeUID: "u", Name: "cast-u", InstanceType: instanceType, Zone: ocitest.Zone,
				Image: image, CapacityType: "on-demand", DiskGiB: 50,
			}
			tc.change(&place, &r)
			_, err := provider(t, place).Launch(t.Context(), r)
			wantClass(t, err, tc.class, tc.words)
		})
	}
}

func TestCredentials(t *testing.T) {
	_, l := start(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a key nobody uploaded", func(t *testing.T) {
		other := l
		other.APIKey = &oci.APIKey{UserID: l.APIKey.UserID, Fingerprint: l.APIKey.Fingerprint, PrivateKey: ocitest.PEM(stranger)}
		wantClass(t, provider(t, other).CheckCredentials(t.Context()), cloud.ClassAuth)
	})
	t.Run("a compartment that is not there", func(t *testing.T) {
		other := l
		other.CompartmentID = "ocid1.compartment.oc1..nosuch"
		wantClass(t, provider(t, other).CheckCredentials(t.Context()), cloud.ClassAuth, "spec.oci.compartmentID", other.CompartmentID)
	})
	t.Run("no credentials", func(t *testing.T) {
		none := l
		none.APIKey = nil
		_, err := oci.New(none)
		wantClass(t, err, cloud.ClassAuth, "spec.credentials.secretRef")
	})
	t.Run("no key", func(t *testing.T) {
		bad := l
		bad.APIKey = &oci.APIKey{UserID: "u", Fingerprint: "f", PrivateKey: "hunter2"}
		_, err := oci.New(bad)
		wantClass(t, err, cloud.ClassAuth, "privateKey")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the key: %v", err)
		}
	})
	t.Run("a workload identity", func(t *testing.T) {
		c, keyless := start(t)
		keyless.APIKey, keyless.Identity = nil, c.Signer()
		if err := provider(t, keyless).CheckCredentials(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a cloud that does not answer is unknown", func(t *testing.T) {
		away := l
		away.Endpoint = "http://127.0.0.1:1"
		p := provider(t, away)
		wantClass(t, p.CheckCredentials(t.Context()), cloud.ClassTransient)
		_, err := p.Get(t.Context(), unknownID)
		wantClass(t, err, cloud.ClassTransient)
	})
}

func TestDefaultImage(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	compute := c.Compute(t)
	for architecture, want := range map[string]string{
		"amd64": "Canonical-Ubuntu-24.04-2026.10.31-0", "arm64": "Canonical-Ubuntu-24.04-aarch64-2026.10.31-0",
	} {
		id, err := p.DefaultImage(t.Context(), architecture)
		if err != nil {
			t.Fatal(err)
		}
		if image, err := compute.GetImage(t.Context(), core.GetImageRequest{ImageId: &id}); err != nil || *image.DisplayName != want {
			t.Errorf("DefaultImage(%s) = %v, %v, want %s", architecture, image.DisplayName, err, want)
		}
	}
	_, err := p.DefaultImage(t.Context(), "riscv64")
	wantClass(t, err, cloud.ClassConfig, "riscv64")
}
