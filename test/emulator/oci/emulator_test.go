// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

const stateDelay = 10 * time.Second

// world is an emulated cloud with a network, whose time stands still.
type world struct {
	*ocitest.Cloud
	clock              *clocktesting.FakeClock
	compute            core.ComputeClient
	vcn, subnet, group string
	image              string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	// The SDK signs with the time of the machine.
	clk := clocktesting.NewFakeClock(time.Now())
	w := &world{Cloud: ocitest.Start(t, clk, stateDelay, 0), clock: clk}
	w.compute = w.Compute(t)
	w.vcn, w.subnet, w.group = w.MakeNetwork(t)
	images, err := w.compute.ListImages(t.Context(), core.ListImagesRequest{
		CompartmentId: new(ocitest.CompartmentID), Shape: new("VM.Standard.E5.Flex"),
		OperatingSystem: new("Canonical Ubuntu"), OperatingSystemVersion: new("24.04"),
		SortBy: core.ListImagesSortByTimecreated,
	})
	if err != nil || len(images.Items) != 2 || *images.Items[0].DisplayName != "Canonical-Ubuntu-24.04-2026.10.31-0" {
		t.Fatalf("ListImages = %+v, %v", images.Items, err)
	}
	w.image = *images.Items[0].Id
	return w
}

func (w *world) details() core.LaunchInstanceDetails {
	return core.LaunchInstanceDetails{
		CompartmentId: new(ocitest.CompartmentID), AvailabilityDomain: new(ocitest.Domain),
		Shape: new("VM.Standard.E5.Flex"), ShapeConfig: &core.LaunchInstanceShapeConfigDetails{Ocpus: new(float32(2)), MemoryInGBs: new(float32(32))},
		SourceDetails:     core.InstanceSourceViaImageDetails{ImageId: &w.image, BootVolumeSizeInGBs: new(int64(50))},
		CreateVnicDetails: &core.CreateVnicDetails{SubnetId: &w.subnet, NsgIds: []string{w.group}, AssignPublicIp: new(false)},
		PreemptibleInstanceConfig: &core.PreemptibleInstanceConfigDetails{
			PreemptionAction: core.TerminatePreemptionAction{PreserveBootVolume: new(false)},
		},
	}
}

func (w *world) launch(t *testing.T, token string, change func(*core.LaunchInstanceDetails)) (core.Instance, error) {
	t.Helper()
	d := w.details()
	if change != nil {
		change(&d)
	}
	out, err := w.compute.LaunchInstance(t.Context(), core.LaunchInstanceRequest{LaunchInstanceDetails: d, OpcRetryToken: &token})
	return out.Instance, err
}

func (w *world) count(t *testing.T) int {
	t.Helper()
	out, err := w.compute.ListInstances(t.Context(), core.ListInstancesRequest{CompartmentId: new(ocitest.CompartmentID)})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Items)
}

func (w *world) state(t *testing.T, id *string) core.InstanceLifecycleStateEnum {
	t.Helper()
	out, err := w.compute.GetInstance(t.Context(), core.GetInstanceRequest{InstanceId: id})
	if err != nil {
		t.Fatal(err)
	}
	return out.LifecycleState
}

// wantError fails the test unless err is OCI's error of this status and code.
func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	failure, ok := common.IsServiceError(err)
	if !ok || failure.GetHTTPStatusCode() != status || failure.GetCode() != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

func TestLifecycle(t *testing.T) {
	w := newWorld(t)
	i, err := w.launch(t, "one", nil)
	if err != nil {
		t.Fatal(err)
	}
	if i.LifecycleState != core.InstanceLifecycleStateProvisioning || *i.ShapeConfig.Vcpus != 4 {
		t.Errorf("launched: %+v", i)
	}
	for _, want := range []core.InstanceLifecycleStateEnum{"PROVISIONING", "STARTING", "RUNNING", "RUNNING"} {
		if got := w.state(t, i.Id); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
		w.clock.Step(stateDelay)
	}
	attached, err := w.compute.ListVnicAttachments(t.Context(), core.ListVnicAttachmentsRequest{CompartmentId: i.CompartmentId, InstanceId: i.Id})
	if err != nil || len(attached.Items) != 1 {
		t.Fatalf("ListVnicAttachments = %+v, %v", attached.Items, err)
	}
	vnic, err := w.Network(t).GetVnic(t.Context(), core.GetVnicRequest{VnicId: attached.Items[0].VnicId})
	if err != nil || *vnic.PrivateIp != "10.0.0.2" || vnic.PublicIp != nil || len(vnic.NsgIds) != 1 {
		t.Errorf("GetVnic = %+v, %v", vnic.Vnic, err)
	}
	if _, err := w.compute.TerminateInstance(t.Context(), core.TerminateInstanceRequest{InstanceId: i.Id}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []core.InstanceLifecycleStateEnum{"TERMINATING", "TERMINATED"} {
		if got := w.state(t, i.Id); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
		w.clock.Step(stateDelay)
	}
	_, err = w.launch(t, "one", nil)
	wantError(t, err, 409, "InvalidatedRetryToken")
}

func TestBootVolumeEndsWithTheMachine(t *testing.T) {
	w := newWorld(t)
	disks, err := core.NewBlockstorageClientWithConfigurationProvider(w.Signer())
	if err != nil {
		t.Fatal(err)
	}
	w.Use(&disks.BaseClient)
	for _, preserve := range []bool{false, true} {
		i, err := w.launch(t, fmt.Sprint("preserve", preserve), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.compute.TerminateInstance(t.Context(), core.TerminateInstanceRequest{InstanceId: i.Id, PreserveBootVolume: &preserve})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Step(stateDelay)
		out, err := disks.ListBootVolumes(t.Context(), core.ListBootVolumesRequest{CompartmentId: i.CompartmentId, AvailabilityDomain: i.AvailabilityDomain})
		if err != nil || (len(out.Items) == 1) != preserve {
			t.Errorf("preserveBootVolume=%v: %d volumes, %v", preserve, len(out.Items), err)
		}
	}
}

func TestPreemption(t *testing.T) {
	w := newWorld(t)
	i, err := w.launch(t, "spot", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Step(2 * stateDelay)
	w.Preempt(t, *i.Id)
	if got := w.state(t, i.Id); got != core.InstanceLifecycleStateRunning {
		t.Errorf("during the notice: %s", got)
	}
	w.clock.Step(30 * time.Second)
	if got := w.state(t, i.Id); got != core.InstanceLifecycleStateTerminating {
		t.Errorf("after the notice: %s", got)
	}
}

func TestRetryToken(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	ids := make([]string, 10)
	for n := range ids {
		wg.Go(func() {
			i, err := w.launch(t, "together", nil)
			if err != nil {
				t.Error(err)
				return
			}
			ids[n] = *i.Id
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one token, two machines: %v", ids)
		}
	}
	_, err := w.launch(t, "together", func(d *core.LaunchInstanceDetails) { d.DisplayName = new("other") })
	wantError(t, err, 409, "InvalidatedRetryToken")
	_, err = w.launch(t, strings.Repeat("x", 65), nil)
	wantError(t, err, 400, "InvalidParameter")
	if n := w.count(t); n != 1 {
		t.Errorf("%d machines, want 1", n)
	}
}

func TestLaunchRefuses(t *testing.T) {
	w := newWorld(t)
	arm, err := w.compute.ListImages(t.Context(), core.ListImagesRequest{CompartmentId: new(ocitest.CompartmentID), Shape: new("VM.Standard.A1.Flex")})
	if err != nil || len(arm.Items) != 1 {
		t.Fatalf("ListImages = %+v, %v", arm.Items, err)
	}
	metadata := func(n int) map[string]string {
		return map[string]string{"user_data": base64.StdEncoding.EncodeToString(make([]byte, n))}
	}
	for name, tc := range map[string]struct {
		status int
		code   string
		change func(*core.LaunchInstanceDetails)
	}{
		"unknown shape":         {404, "NotAuthorizedOrNotFound", func(d *core.LaunchInstanceDetails) { d.Shape = new("VM.Nope") }},
		"no size":               {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.ShapeConfig = nil }},
		"too much memory":       {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.ShapeConfig.MemoryInGBs = new(float32(129)) }},
		"half an OCPU":          {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.ShapeConfig.Ocpus = new(float32(1.5)) }},
		"size of a fixed shape": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.Shape = new("VM.GPU.A10.1") }},
		"GPU as spot":           {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.Shape, d.ShapeConfig = new("VM.GPU.A10.1"), nil }},
		"image of another CPU": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) {
			d.SourceDetails = core.InstanceSourceViaImageDetails{ImageId: arm.Items[0].Id}
		}},
		"no OCID": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) {
			d.SourceDetails = core.InstanceSourceViaImageDetails{ImageId: new("ami-1")}
		}},
		"small disk": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) {
			d.SourceDetails = core.InstanceSourceViaImageDetails{ImageId: &w.image, BootVolumeSizeInGBs: new(int64(49))}
		}},
		"unknown subnet": {404, "NotAuthorizedOrNotFound", func(d *core.LaunchInstanceDetails) {
			d.CreateVnicDetails.SubnetId = new("ocid1.subnet.oc1.iad.x")
		}},
		"unknown group": {404, "NotAuthorizedOrNotFound", func(d *core.LaunchInstanceDetails) {
			d.CreateVnicDetails.NsgIds = []string{"ocid1.networksecuritygroup.oc1.iad.x"}
		}},
		"unknown compartment":    {404, "NotAuthorizedOrNotFound", func(d *core.LaunchInstanceDetails) { d.CompartmentId = new("ocid1.compartment.oc1..x") }},
		"other tenancy's domain": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.AvailabilityDomain = new("qIZq:US-ASHBURN-AD-1") }},
		"public IP":              {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.CreateVnicDetails.AssignPublicIp = new(true) }},
		"metadata too long":      {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.Metadata = metadata(24000) }},
		"user data not encoded":  {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.Metadata = map[string]string{"user_data": "#cloud-config"} }},
		"tag with a period":      {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) { d.FreeformTags = map[string]string{"omni.cast.ai/edge-id": "1"} }},
		"enum": {400, "InvalidParameter", func(d *core.LaunchInstanceDetails) {
			d.AvailabilityConfig = &core.LaunchInstanceAvailabilityConfigDetails{RecoveryAction: "EXPLODE"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.launch(t, "refused", tc.change)
			wantError(t, err, tc.status, tc.code)
		})
	}
	if n := w.count(t); n != 0 {
		t.Errorf("%d machines came of refused launches", n)
	}
	if _, err := w.launch(t, "long", func(d *core.LaunchInstanceDetails) { d.Metadata = metadata(23990) }); err != nil {
		t.Errorf("metadata of 32,000 bytes less one: %v", err)
	}
}
