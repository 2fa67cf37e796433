// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestClouds creates the examples of the clouds whose network is brought along,
// and asks for what there is for AWS only.
func TestClouds(t *testing.T) {
	s := newServer(t)
	yaml := map[string]string{"Content-Type": "application/yaml"}
	for provider, name := range map[string]string{"gcp": "gcp-oregon", "oci": "oci-phoenix"} {
		t.Run(provider, func(t *testing.T) {
			example, err := os.ReadFile("../../artifacts/examples/edgelocation-" + provider + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			if answer := s.do("editor", http.MethodPost, path("edgelocations")+"?fieldValidation=Strict", yaml, example); answer.code != http.StatusCreated {
				t.Fatalf("create the example: %d %s", answer.code, answer.body)
			}
			for _, script := range []string{"onboard-script", "offboard-script"} {
				answer := s.do("editor", http.MethodGet, path("edgelocations", name, script), nil, nil)
				if answer.code != http.StatusBadRequest || !strings.Contains(answer.body, "spec."+provider) {
					t.Errorf("%s: %d %s, want a refusal that says what to set instead", script, answer.code, answer.body)
				}
			}
		})
	}
}
