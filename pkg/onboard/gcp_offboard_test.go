// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard_test

import (
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

func (g *googleCloud) offboarding(t *testing.T, registered *v1beta1.GCPLocation) string {
	t.Helper()
	script, err := onboard.RenderOffboard(onboard.OffboardParameters{Place: iowa(), GCP: onboard.GCPRegistered{
		ProjectID: registered.ProjectID, Network: registered.Network, ServiceAccount: registered.ServiceAccount,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func (g *googleCloud) offboarded(t *testing.T, script string) string {
	t.Helper()
	stdout, stderr, err := g.run(t, script)
	if err != nil || !strings.Contains(stdout, "[8/8] ") || !strings.Contains(stdout, "is off board") {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	return stdout
}

// machine makes a machine in the network and returns its path.
func (g *googleCloud) machine(t *testing.T, name, network string, labels map[string]string) string {
	t.Helper()
	instances := g.endpoint + "/compute/v1/projects/" + gcptest.Project + "/zones/" + gcptest.Zone + "/instances"
	gcptest.Do(t, http.MethodPut, g.endpoint+"/_emulator/callers/"+gcptest.Token, map[string]any{})
	defer g.person(t)
	gcptest.Do(t, http.MethodPost, instances, map[string]any{
		"name": name, "machineType": "zones/us-central1-a/machineTypes/e2-standard-2", "labels": labels,
		"networkInterfaces": []any{map[string]any{"subnetwork": "regions/us-central1/subnetworks/" + network}},
		"disks": []any{map[string]any{"boot": true, "autoDelete": true, "initializeParams": map[string]any{
			"sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64", "diskType": "pd-balanced",
		}}},
	})
	return instances + "/" + name
}

// remove deletes a machine and waits until it is gone.
func (g *googleCloud) remove(t *testing.T, machine string) {
	t.Helper()
	gcptest.Do(t, http.MethodPut, g.endpoint+"/_emulator/callers/"+gcptest.Token, map[string]any{})
	defer g.person(t)
	operation, _ := gcptest.Do(t, http.MethodDelete, machine, nil)["selfLink"].(string)
	gcptest.Do(t, http.MethodPost, operation+"/wait", nil)
}

// testGCPOffboard takes down, twice, what the onboarding script made; before is
// what was there before it ran.
func testGCPOffboard(t *testing.T, g *googleCloud, at *v1beta1.GCPLocation, before []string) {
	script := g.offboarding(t, at)
	onBoard := g.lasting(t)
	g.r.set(true, "edge-1")
	g.breaks(t, script, "still has edges (edge.omni.cast.ai/edge-1)")
	g.r.set(true)
	g.breaks(t, script, "does not say whether team-a/gcp-iowa has edges", "KUBECONFIG=/dev/null")

	own := g.machine(t, "own", at.Subnetwork, map[string]string{"omni-cluster-id": "main", "omni-namespace": "team-a", "omni-edge-location": "gcp-iowa"})
	other := g.machine(t, "other", at.Subnetwork, map[string]string{"omni-cluster-id": "main", "omni-namespace": "team-a", "omni-edge-location": "gcp-ohio"})
	g.breaks(t, script, "machines of team-a/gcp-iowa are still there (own)")
	g.remove(t, own)
	g.breaks(t, script, "machines that OMNI did not make are in "+at.Network+" (other)")
	g.remove(t, other)
	g.fault(t, fault.Rule{Action: "compute.instances.aggregatedList", Code: "UNREACHABLE"})
	g.breaks(t, script, "Some requests did not succeed")
	if left := g.lasting(t); !slices.Equal(left, onBoard) {
		t.Fatalf("a refusal deleted something: %v, before %v", left, onBoard)
	}

	g.person(t, "compute.routers.list")
	g.breaks(t, script, "compute.routers.list")
	if left := g.lasting(t); !slices.Equal(left, onBoard) {
		t.Fatalf("something was deleted though the routers cannot be seen: %v, before %v", left, onBoard)
	}
	g.person(t, "compute.networks.delete")
	g.breaks(t, script, "compute.networks.delete")
	g.person(t)
	out := g.offboarded(t, script)
	for _, want := range []string{
		"the network " + at.Network + " deleted\n", "the service account " + at.ServiceAccount + " deleted\n", ", 0 left as they are.",
		"Next: kubectl delete edgelocation gcp-iowa --namespace team-a\n", "keeps a deleted role for 7 days",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the script did not say %q:\n%s", want, out)
		}
	}
	if left := g.lasting(t); !slices.Equal(left, before) {
		t.Errorf("left: %v, before there was %v", left, before)
	}
	g.r.set(false)
	if again := g.offboarded(t, script); !strings.Contains(again, ": 0 things deleted, 0 left as they are.") || strings.Contains(again, "Next:") {
		t.Errorf("off-boarding again:\n%s", again)
	}
}

// testGCPBroughtAlong on-boards the location again, in a network of one's own, which
// stays, and does not take what has our name for ours. What Google still keeps of
// the location before comes back.
func testGCPBroughtAlong(t *testing.T, g *googleCloud, before *v1beta1.GCPLocation) {
	gcptest.Do(t, http.MethodPut, g.endpoint+"/_emulator/callers/"+gcptest.Token, map[string]any{})
	gcptest.Network(t, g.endpoint)
	name := onboard.RoleName("main", "team-a", "gcp-iowa")
	firewalls := g.endpoint + "/compute/v1/projects/" + gcptest.Project + "/global/firewalls"
	foreign := map[string]any{
		"name": name, "network": "global/networks/edges", "sourceTags": []string{"other"}, "description": "another's",
		"allowed": []any{map[string]any{"IPProtocol": "tcp"}},
	}
	gcptest.Do(t, http.MethodPost, firewalls, foreign)
	g.person(t)
	there := g.lasting(t)

	g.breaks(t, g.onboarding(t, "", "edge"), "has no subnetwork edge in us-central1")
	g.breaks(t, g.onboarding(t, "", "edges"), "the firewall rule "+name+" is there, and its description is not")
	g.remove(t, firewalls+"/"+name)
	stdout, stderr, err := g.run(t, g.onboarding(t, "", "edges"))
	if err != nil || !strings.Contains(stderr, "warning: edges has no Cloud NAT in us-central1") {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	at := g.r.last(t).GCP
	want := before.DeepCopy()
	want.Network, want.Subnetwork = "edges", "edges"
	if !reflect.DeepEqual(at, want) {
		t.Errorf("registered %+v, want %+v", at, want)
	}
	if err := newProvider(t, g, "gcp-iowa", at, gcptest.IdentityToken(t, at.WorkloadIdentityProvider)).CheckCredentials(t.Context()); err != nil {
		t.Error(err)
	}
	g.remove(t, firewalls+"/"+name)
	gcptest.Do(t, http.MethodPost, firewalls, foreign)
	out := g.offboarded(t, g.offboarding(t, at))
	for _, want := range []string{
		"left: the network edges with all that is in it: OMNI did not make this network\n",
		"left: the firewall rule " + name + ": OMNI did not make it for this location\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the script did not say %q:\n%s", want, out)
		}
	}
	if left := g.lasting(t); !slices.Equal(left, there) {
		t.Errorf("left: %v, before there was %v", left, there)
	}
}

// TestGCPDocs: the roles that the tests have are those that a person is told of.
func TestGCPDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/onboarding.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range personRoles {
		if !strings.Contains(string(doc), "`"+role+"`") {
			t.Errorf("docs/onboarding.md does not name %s", role)
		}
	}
}
