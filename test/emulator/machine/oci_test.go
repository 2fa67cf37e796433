// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"slices"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestOCI sees a machine that the real provider has bought.
func TestOCI(t *testing.T) {
	clk := clocktesting.NewFakeClock(time.Now()) // what the SDK signs with
	emulated := ocitest.Start(t, clk, time.Second, 0)
	_, subnet, group := emulated.MakeNetwork(t)
	provider, err := oci.New(oci.Location{
		ClusterID: "main", Namespace: "team-a", Name: "oci-ashburn", Region: ocitest.Region,
		TenancyID: ocitest.TenancyID, CompartmentID: ocitest.CompartmentID,
		SubnetIDs: map[string]string{ocitest.Zone: subnet}, NSGID: group, Identity: emulated.Signer(), Endpoint: emulated.Endpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	image, err := provider.DefaultImage(t.Context(), cloud.MachineKind{Architecture: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	bought, err := provider.Launch(t.Context(), cloud.LaunchRequest{
		ClientToken: "token", EdgeUID: "uid", Name: "cast-1", InstanceType: "VM.Standard.A1.Flex-4-24", Zone: ocitest.Zone,
		Image: image, CapacityType: "spot", DiskGiB: 60, UserData: []byte("#cloud-config\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := OCI{Compute: emulated.Compute(t), Network: emulated.Network(t), CompartmentID: ocitest.CompartmentID}
	if ids, err := c.Running(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("Running before it runs = %v, %v", ids, err)
	}
	clk.Step(2 * time.Second)
	if ids, err := c.Running(t.Context()); err != nil || !slices.Equal(ids, []string{bought.ID}) {
		t.Errorf("Running = %v, %v", ids, err)
	}
	want := Instance{
		ID: bought.ID, InstanceType: "VM.Standard.A1.Flex-4-24", Architecture: "arm64", PrivateIP: "10.0.0.2",
		VCPUs: 4, MemoryMiB: 24 * 1024, DiskGiB: 60,
	}
	if got, err := c.Instance(t.Context(), bought.ID); err != nil || got != want {
		t.Errorf("Instance = %+v, %v, want %+v", got, err, want)
	}
	if data, err := c.UserData(t.Context(), bought.ID); err != nil || string(data) != "#cloud-config\n" {
		t.Errorf("UserData = %q, %v", data, err)
	}
	emulated.Preempt(t, bought.ID)
	clk.Step(30 * time.Second)
	if ids, err := c.Running(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("Running after the preemption = %v, %v", ids, err)
	}
}
