// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/gcp"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

const image = "projects/ubuntu-os-cloud/global/images/ubuntu-2404-lts-amd64-v20261101"

// keyless returns a location in an emulated project that the onboarding script has
// prepared: network, service account, least-privilege role, workload identity.
func keyless(t *testing.T, endpoint string) gcp.Location {
	t.Helper()
	gcptest.Network(t, endpoint)
	account := gcptest.ServiceAccount(t, endpoint, "omni-edge-buyer", contract.Permissions())
	provider := gcptest.WorkloadIdentity(t, endpoint, account)
	return gcp.Location{
		ClusterID: "main", Namespace: "team-a", Name: "gcp-iowa", Region: gcptest.Region, ProjectID: gcptest.Project,
		Subnetwork: "edges", NetworkTags: []string{"omni-edge"},
		ServiceAccount: account, WorkloadIdentityProvider: provider, IdentityToken: gcptest.IdentityToken(t, provider), Endpoint: endpoint,
	}
}

func provider(t *testing.T, l gcp.Location) *gcp.Provider {
	t.Helper()
	p, err := gcp.New(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestContract(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	elsewhere := l
	elsewhere.Name = "gcp-iowa-2"
	cloudtest.Run(t, cloudtest.Setup{
		Provider: provider(t, l), Elsewhere: provider(t, elsewhere), InstanceType: "e2-standard-2", Zone: gcptest.Zone,
		UnknownID: gcptest.Zone + "/cast-unknown", UnknownImage: "projects/ubuntu-os-cloud/global/images/no-such-image", Settle: time.Minute,
	})
}

// TestListOfferings: the permissions of the role are enough, and prices are asked for
// with the location's own credentials.
func TestListOfferings(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	p := provider(t, l)
	listing := p.ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	if listing.OnDemand.Value["e2-standard-2"] == 0 || listing.Spot.Value[""]["g2-standard-4"] == 0 || len(listing.Zones.Value["e2-standard-2"]) != 4 {
		t.Errorf("%d on-demand prices, %d types", len(listing.OnDemand.Value), len(listing.Types.Value))
	}
	gcptest.Do(t, http.MethodPut, endpoint+"/_emulator/callers/"+l.ServiceAccount, map[string]any{"denied": []string{"compute.machineTypes.list"}})
	stale := p.ListOfferings(t.Context(), listing).Stale()
	if len(stale) != 1 || stale[0].Class != cloud.ClassAuth || !strings.Contains(stale[0].Error, "compute.machineTypes.list") {
		t.Errorf("%+v, want the permission that is missing", stale)
	}
}

func request(token, name string) cloud.LaunchRequest {
	return cloud.LaunchRequest{
		ClientToken: token, EdgeUID: name, Name: name, InstanceType: "e2-standard-2", Zone: gcptest.Zone, Image: image,
		CapacityType: "on-demand", DiskGiB: 30, UserData: []byte("#cloud-config\n{}\n"),
	}
}

// TestMachines sees what is asked of the cloud, as the cloud has stored it.
func TestMachines(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	for name, test := range map[string]struct {
		instanceType, capacity, image                      string
		disk, maintenance, provisioning, terminationAction string
	}{
		"plain":     {"e2-standard-2", "on-demand", image, "pd-balanced", "MIGRATE", "STANDARD", ""},
		"spot":      {"n2-standard-2", "spot", image, "pd-balanced", "TERMINATE", "SPOT", "DELETE"},
		"gpu":       {"g2-standard-4", "on-demand", image, "pd-balanced", "TERMINATE", "STANDARD", ""},
		"gpu-spot":  {"a2-highgpu-1g", "spot", image, "pd-balanced", "TERMINATE", "SPOT", "DELETE"},
		"hyperdisk": {"n4-standard-4", "on-demand", image, "hyperdisk-balanced", "MIGRATE", "STANDARD", ""},
		"arm":       {"c4a-standard-4", "spot", armImage, "hyperdisk-balanced", "TERMINATE", "SPOT", "DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(tokenOf(name), "cast-"+name)
			r.InstanceType, r.CapacityType, r.Image, r.Tags = test.instanceType, test.capacity, test.image, map[string]string{"Cost Center": "R&D"}
			if _, err := p.Launch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got := stored(t, endpoint, r.Name)
			wantDisk(t, got, r, test.disk)
			if s := got.Scheduling; s.OnHostMaintenance != test.maintenance || s.ProvisioningModel != test.provisioning ||
				s.InstanceTerminationAction != test.terminationAction {
				t.Errorf("scheduling = %+v", s)
			}
			if nic := got.NetworkInterfaces[0]; len(nic.AccessConfigs) > 0 || base(nic.Subnetwork) != "edges" {
				t.Errorf("network interface = %+v, want the subnetwork and no external address", nic)
			}
			if !got.ShieldedInstanceConfig["enableSecureBoot"] || len(got.ServiceAccounts) > 0 || got.Tags.Items[0] != "omni-edge" {
				t.Errorf("machine = %+v", got)
			}
			wantMetadata(t, got, r)
		})
	}
}

func TestBadRequests(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	p := provider(t, l)
	for name, change := range map[string]func(*cloud.LaunchRequest){
		"another region":                func(r *cloud.LaunchRequest) { r.Zone = "europe-west4-a" },
		"unknown zone":                  func(r *cloud.LaunchRequest) { r.Zone = "us-central1-z" },
		"image of another architecture": func(r *cloud.LaunchRequest) { r.InstanceType = "t2a-standard-4" },
		"small disk":                    func(r *cloud.LaunchRequest) { r.DiskGiB = 5 },
		"large user data":               func(r *cloud.LaunchRequest) { r.UserData = make([]byte, 256<<10+1) },
		"bad name":                      func(r *cloud.LaunchRequest) { r.Name = "Cast_1" },
		"UID that cannot be a label":    func(r *cloud.LaunchRequest) { r.EdgeUID = "Cast.1" },
	} {
		t.Run(name, func(t *testing.T) {
			r := request(tokenOf(name), "cast-bad")
			change(&r)
			if _, err := p.Launch(t.Context(), r); cloud.ClassOf(err) != cloud.ClassConfig {
				t.Errorf("err = %v, want the class %s", err, cloud.ClassConfig)
			}
		})
	}
	t.Run("no such subnetwork", func(t *testing.T) {
		other := l
		other.Subnetwork = "gone"
		if _, err := provider(t, other).Launch(t.Context(), request(tokenOf("subnetwork"), "cast-bad")); cloud.ClassOf(err) != cloud.ClassConfig {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassConfig)
		}
	})
	t.Run("an ID of another cloud", func(t *testing.T) {
		if i, err := p.Get(t.Context(), "i-0123456789abcdef0"); i != nil || cloud.ClassOf(err) != cloud.ClassConfig {
			t.Errorf("Get = %v, %v, want the class %s: it is not known to be gone", i, err, cloud.ClassConfig)
		}
	})
	if all, err := p.List(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("List = %+v, %v, want nothing left", all, err)
	}
}

// TestPreemption sees a spot machine go as the cloud takes it back.
func TestPreemption(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	r := request(tokenOf("spot"), "cast-spot")
	r.CapacityType = "spot"
	i, err := p.Launch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	gcptest.Do(t, http.MethodPost, endpoint+"/_emulator/preempt/"+machinePath(r.Name), nil)
	waitUntil(t, p, i.ID, (*cloud.Instance).Gone)
}

// TestStopped: a machine that is stopped is still there, and still costs its disk.
func TestStopped(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	i, err := p.Launch(t.Context(), request(tokenOf("stopped"), "cast-stopped"))
	if err != nil {
		t.Fatal(err)
	}
	gcptest.Do(t, http.MethodPost, endpoint+"/compute/v1/"+machinePath("cast-stopped")+"/stop", nil)
	waitUntil(t, p, i.ID, func(i *cloud.Instance) bool { return i != nil && i.State == cloud.StateStopped })
	if found, err := p.FindByEdge(t.Context(), i.EdgeUID); err != nil || found == nil {
		t.Errorf("FindByEdge = %v, %v", found, err)
	}
	if console, err := p.ConsoleOutput(t.Context(), i.ID); err != nil || !strings.Contains(console, "power off") {
		t.Errorf("ConsoleOutput = %q, %v", console, err)
	}
}
