// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"net/http"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

// TestGCE sees the machines of an emulated Compute Engine as the fleet does.
func TestGCE(t *testing.T) {
	const step = time.Second
	clk := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	url := gcptest.StartWithClock(t, clk, step)
	gcptest.Network(t, url)
	instances := url + "/compute/v1/projects/" + gcptest.Project + "/zones/" + gcptest.Zone + "/instances"
	for name, labels := range map[string]map[string]any{"cast-1": {gceLabel: "u1"}, "somebody-elses": {}} {
		gcptest.Do(t, http.MethodPost, instances, map[string]any{
			"name": name, "machineType": "zones/" + gcptest.Zone + "/machineTypes/c4a-standard-4", "labels": labels,
			"disks": []any{map[string]any{"boot": true, "autoDelete": true, "initializeParams": map[string]any{
				"sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-arm64", "diskSizeGb": "50",
				"diskType": "zones/" + gcptest.Zone + "/diskTypes/hyperdisk-balanced",
			}}},
			"networkInterfaces": []any{map[string]any{"subnetwork": "regions/" + gcptest.Region + "/subnetworks/edges"}},
			"metadata":          map[string]any{"items": []any{map[string]any{"key": "user-data", "value": "#cloud-config\n"}}},
		})
	}
	cloud := GCE{Endpoint: url, Project: gcptest.Project, Token: gcptest.Token}
	if ids, err := cloud.Running(t.Context()); len(ids) > 0 || err != nil {
		t.Errorf("before they run: %v, %v", ids, err)
	}
	clk.Step(2 * step)
	ids, err := cloud.Running(t.Context())
	if err != nil || len(ids) != 1 {
		t.Fatalf("Running = %v, %v, want the one of an Edge", ids, err)
	}
	got, err := cloud.Instance(t.Context(), ids[0])
	want := Instance{ID: ids[0], InstanceType: "c4a-standard-4", Architecture: "arm64", PrivateIP: got.PrivateIP, VCPUs: 4, MemoryMiB: 16384, DiskGiB: 50}
	if err != nil || got != want || !strings.HasPrefix(got.PrivateIP, "10.0.") {
		t.Errorf("Instance = %+v, %v", got, err)
	}
	if data, err := cloud.UserData(t.Context(), ids[0]); string(data) != "#cloud-config\n" || err != nil {
		t.Errorf("UserData = %q, %v", data, err)
	}
	if _, err := cloud.Instance(t.Context(), "1"); err == nil {
		t.Error("an unknown instance was described")
	}
	away := GCE{Endpoint: "http://127.0.0.1:1", Project: gcptest.Project, Token: gcptest.Token}
	if _, err := away.Running(t.Context()); err == nil {
		t.Error("nobody answers, and that is no error")
	}
}
