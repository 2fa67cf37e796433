// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

const armImage = "projects/ubuntu-os-cloud/global/images/ubuntu-2404-lts-arm64-v20261101"

// machine is what the tests read of a machine.
type machine struct {
	Disks []struct {
		AutoDelete         bool
		Source, DiskSizeGb string
	}
	Scheduling        struct{ OnHostMaintenance, ProvisioningModel, InstanceTerminationAction string }
	NetworkInterfaces []struct {
		Subnetwork    string
		AccessConfigs []any
	}
	ShieldedInstanceConfig map[string]bool
	ServiceAccounts        []any
	Tags                   struct{ Items []string }
	Labels                 map[string]string
	Metadata               struct{ Items []struct{ Key, Value string } }
}

func machinePath(name string) string {
	return "projects/" + gcptest.Project + "/zones/" + gcptest.Zone + "/instances/" + name
}

// stored reads a machine as the project's owner.
func stored(t *testing.T, endpoint, name string) machine {
	t.Helper()
	raw, err := json.Marshal(gcptest.Do(t, http.MethodGet, endpoint+"/compute/v1/"+machinePath(name), nil))
	if err != nil {
		t.Fatal(err)
	}
	out := machine{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantDisk wants the boot disk to be of this type, to go with the machine and to be
// labelled as the machine is.
func wantDisk(t *testing.T, got machine, r cloud.LaunchRequest, kind string) {
	t.Helper()
	disk := gcptest.Do(t, http.MethodGet, got.Disks[0].Source, nil)
	link, _ := disk["type"].(string)
	labels, _ := disk["labels"].(map[string]any)
	if base(link) != kind || got.Disks[0].DiskSizeGb != "30" || !got.Disks[0].AutoDelete || labels["omni-edge-id"] != r.EdgeUID {
		t.Errorf("disk = %v, attached as %+v", disk, got.Disks[0])
	}
}

// wantMetadata wants the user data, the exact tags, and labels that fit.
func wantMetadata(t *testing.T, got machine, r cloud.LaunchRequest) {
	t.Helper()
	items := map[string]string{}
	for _, item := range got.Metadata.Items {
		items[item.Key] = item.Value
	}
	tags := map[string]string{}
	if err := json.Unmarshal([]byte(items["omni-tags"]), &tags); err != nil {
		t.Fatal(err)
	}
	if items["user-data"] != string(r.UserData) || items["block-project-ssh-keys"] != "true" ||
		tags["Cost Center"] != "R&D" || tags[v1beta1.TagEdgeID] != r.EdgeUID {
		t.Errorf("metadata = %v", items)
	}
	if got.Labels["omni-cluster-id"] != "main" || got.Labels["omni-edge-location"] != "gcp-iowa" || got.Labels["omni-edge-id"] != r.EdgeUID || len(got.Labels) != 6 {
		t.Errorf("labels = %v", got.Labels)
	}
}

// tokenOf returns a client token, the same for the same name.
func tokenOf(name string) string { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String() }

func base(link string) string { return path.Base(link) }

// waitUntil asks until a machine is as wanted.
func waitUntil(t *testing.T, p cloud.Provider, id string, wanted func(*cloud.Instance) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		i, err := p.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(i) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s is not as wanted: %+v", id, i)
		case <-tick.C:
		}
	}
}
