// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func phoenix() Place {
	return Place{
		Provider: v1beta1.ProviderOCI, ClusterID: "main", Namespace: "team-a", Location: "oci-phoenix", Region: "us-phoenix-1",
		Issuer: "https://oidc.example.com",
	}
}

var inPhoenix = OCIRegistered{
	CompartmentID: "ocid1.compartment.oc1..aaaaaaaa", VCNID: "ocid1.vcn.oc1.phx.aaaaaaaa", SecretName: "oci-phoenix-oci",
}

// TestOCIScripts runs the scripts with a kubectl that tells its arguments.
func TestOCIScripts(t *testing.T) {
	onboard, onboardErr := Render(Parameters{Place: phoenix(), OnboardingURL: parameters().OnboardingURL, Subject: "s"})
	offboard, offboardErr := RenderOffboard(OffboardParameters{Place: phoenix(), OCI: inPhoenix})
	bare, bareErr := RenderOffboard(OffboardParameters{Place: phoenix()})
	if onboardErr != nil || offboardErr != nil || bareErr != nil {
		t.Fatal(onboardErr, offboardErr, bareErr)
	}
	dir := t.TempDir()
	for _, name := range []string{"kubectl", "kubectl-omni"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	common := []string{"oci-phoenix", "--namespace", "team-a"}
	place := append(slices.Clone(common), "--cluster-id", "main", "--region", "us-phoenix-1")
	for name, test := range map[string]struct {
		script string
		want   []string
	}{
		"onboard": {onboard, append([]string{"omni", "onboard"}, common...)},
		"offboard": {offboard, append(append([]string{"omni", "offboard"}, place...),
			"--compartment", inPhoenix.CompartmentID, "--vcn", inPhoenix.VCNID, "--secret", inPhoenix.SecretName)},
		"offboard what is not registered": {bare, append([]string{"omni", "offboard"}, place...)},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command("bash", "-c", test.script, "bash", "--oci-profile", "a b")
			command.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
			out, err := command.CombinedOutput()
			got := strings.Split(strings.TrimSpace(string(out)), "\n")
			if want := append(slices.Clone(test.want), "--oci-profile", "a b"); err != nil || !slices.Equal(got, want) {
				t.Errorf("kubectl was called with %q, %v, want %q", got, err, want)
			}
			command = exec.Command("bash", "-c", test.script)
			command.Env = []string{"PATH=/usr/bin:/bin"}
			if out, err := command.CombinedOutput(); err == nil || !strings.Contains(string(out), "go install") {
				t.Errorf("without the plugin: %s, %v, want the remedy", out, err)
			}
		})
	}
}

func TestOCIInvalid(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*OffboardParameters)
		want   string
	}{
		"region":      {func(p *OffboardParameters) { p.Place.Region = "us-phoenix-1;id" }, "Region"},
		"compartment": {func(p *OffboardParameters) { p.OCI.CompartmentID = "ocid1.compartment.$(id)" }, "CompartmentID"},
		"VCN":         {func(p *OffboardParameters) { p.OCI.VCNID = "vcn" }, "VCNID"},
		"Secret":      {func(p *OffboardParameters) { p.OCI.SecretName = "A'" }, "SecretName"},
	} {
		p := OffboardParameters{Place: phoenix(), OCI: inPhoenix}
		test.change(&p)
		if _, err := RenderOffboard(p); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s named", name, err, test.want)
		}
	}
	p := Parameters{Place: phoenix(), OnboardingURL: parameters().OnboardingURL, Subject: "s", Token: "secret"}
	if _, err := Render(p); err == nil || strings.Contains(err.Error(), "secret\"") || !strings.Contains(err.Error(), "kubeconfig") {
		t.Errorf("with a token: %v", err)
	}
}
