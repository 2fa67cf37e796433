// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// TestClouds creates the examples of the clouds other than AWS.
func TestClouds(t *testing.T) {
	s := newServer(t)
	yaml := map[string]string{"Content-Type": "application/yaml"}
	for _, file := range []string{"edgelocation-gcp", "edgelocation-gcp-network", "edgelocation-oci"} {
		example, err := os.ReadFile("../../artifacts/examples/" + file + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if answer := s.do("editor", http.MethodPost, path("edgelocations")+"?fieldValidation=Strict", yaml, example); answer.code != http.StatusCreated {
			t.Fatalf("create %s: %d %s", file, answer.code, answer.body)
		}
	}
	t.Run("oci", func(t *testing.T) {
		for _, script := range []string{"onboard-script", "offboard-script"} {
			verb, _, _ := strings.Cut(script, "-")
			answer := s.do("editor", http.MethodGet, path("edgelocations", "oci-phoenix", script), nil, nil)
			if answer.code != http.StatusOK || !strings.Contains(answer.body, "kubectl omni "+verb+" 'oci-phoenix'") {
				t.Errorf("%s: %d %s, want a script that calls kubectl omni", script, answer.code, answer.body)
			}
		}
	})
	t.Run("gcp", func(t *testing.T) { testGCP(t, s) })
}

func testGCP(t *testing.T, s *testServer) {
	at := path("edgelocations", "gcp-iowa", "onboard-script")
	for query, want := range map[string]string{
		"":                                     "SUBNETWORK_CIDR='10.77.0.0/16'",
		"?vpcCIDR=10.9.0.0/20":                 "SUBNETWORK_CIDR='10.9.0.0/20'",
		"?network=edges&subnetwork=edges-iowa": "NETWORK='edges' SUBNETWORK='edges-iowa'",
	} {
		if answer := s.do("viewer", http.MethodGet, at+query, nil, nil); answer.code != http.StatusOK || !strings.Contains(answer.body, want) {
			t.Errorf("%s: %d, want a script with %s", query, answer.code, want)
		}
	}
	for query, want := range map[string]string{
		"?network=edges": "subnetwork", "?subnetwork=edges": "network", "?network=$(id)&subnetwork=edges": "network",
		"?network=edges&subnetwork=edges&vpcCIDR=10.9.0.0/20": "vpcCIDR",
	} {
		if answer := s.do("viewer", http.MethodGet, at+query, nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, want) {
			t.Errorf("%s: %d %s, want 400 that names %s", query, answer.code, answer.body, want)
		}
	}
	s.createLocation(t, "aws-network")
	if answer := s.do("viewer", http.MethodGet, path("edgelocations", "aws-network", "onboard-script")+"?network=a&subnetwork=b", nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, "only a location in GCP") {
		t.Errorf("a network of one's own in AWS: %d %s", answer.code, answer.body)
	}

	token := s.mint(t, "gcp-iowa").Token
	register := func(spec v1beta1.OnboardingSpec) response {
		spec.Token = token
		return s.do("", http.MethodPost, path("edgelocations", "gcp-iowa", "onboarding"), nil, encode(t, &v1beta1.Onboarding{Spec: spec}))
	}
	gcp := &v1beta1.GCPLocation{
		ProjectID: "my-project-123456", Network: "edges", Subnetwork: "edges-iowa", Zones: []string{"us-central1-a"}, NetworkTags: []string{"edges"},
		ServiceAccount:           "omni-0123456789abcdef0123@my-project-123456.iam.gserviceaccount.com",
		WorkloadIdentityProvider: "projects/123456789012/locations/global/workloadIdentityPools/omni-0123456789abcdef0123/providers/main",
	}
	bad := gcp.DeepCopy()
	bad.Zones = []string{"us-east1-b"}
	for name, test := range map[string]struct {
		spec v1beta1.OnboardingSpec
		want string
	}{
		"nothing":       {v1beta1.OnboardingSpec{}, "spec.gcp"},
		"another cloud": {v1beta1.OnboardingSpec{AWS: newAWS()}, "spec.gcp"},
		"both":          {v1beta1.OnboardingSpec{AWS: newAWS(), GCP: gcp}, "spec.aws"},
		"zone":          {v1beta1.OnboardingSpec{GCP: bad}, "spec.gcp.zones[0]"},
	} {
		if answer := register(test.spec); answer.code != http.StatusUnprocessableEntity || !strings.Contains(answer.body, test.want) {
			t.Errorf("%s: %d %s, want 422 that names %s", name, answer.code, answer.body, test.want)
		}
	}
	if answer := register(v1beta1.OnboardingSpec{GCP: gcp}); answer.code != http.StatusCreated {
		t.Fatalf("register: %d %s", answer.code, answer.body)
	}
	if got := s.location(t, "gcp-iowa"); got.Spec.GCP == nil || got.Spec.GCP.Subnetwork != "edges-iowa" || got.Generation != 2 {
		t.Errorf("registered %+v, generation %d", got.Spec.GCP, got.Generation)
	}
	if answer := register(v1beta1.OnboardingSpec{GCP: gcp}); answer.code != http.StatusForbidden || !strings.Contains(answer.body, "AlreadyRegistered") {
		t.Errorf("once more: %d %s", answer.code, answer.body)
	}
	script := s.do("viewer", http.MethodGet, path("edgelocations", "gcp-iowa", "offboard-script"), nil, nil).body
	for _, want := range []string{"REGISTERED_PROJECT='my-project-123456'", "REGISTERED_NETWORK='edges' REGISTERED_ACCOUNT='" + gcp.ServiceAccount + "'"} {
		if !strings.Contains(script, want) {
			t.Errorf("the offboarding script has no %s", want)
		}
	}
}
