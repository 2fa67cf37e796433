// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/test/tool"
)

var update = flag.Bool("update", false, "write the golden files")

func machine() edgecluster.Machine {
	return edgecluster.Machine{
		Provider: v1beta1.ProviderAWS,
		NodeName: "cast-0b1c2d3e-4f50-4161-8273-8495a6b7c8d9", ProviderID: "castai-omni://aws/us-west-2/0b1c2d3e-4f50-4161-8273-8495a6b7c8d9",
		Labels: map[string]string{"omni.cast.ai/edge-node": "true", "topology.kubernetes.io/region": "us-west-2"},
		Server: "https://edge.example.com:6443", CA: []byte("CA"), BootstrapToken: "abcdef.0123456789abcdef", Version: "v1.37.1",
	}
}

// variants are the machines that golden files are kept of.
func variants() map[string]edgecluster.Machine {
	all := map[string]edgecluster.Machine{}
	for name, provider := range map[string]v1beta1.CloudProvider{"aws": v1beta1.ProviderAWS, "gcp": v1beta1.ProviderGCP, "oci": v1beta1.ProviderOCI} {
		m := machine()
		m.Provider = provider
		all[name+".yaml"] = m
		m.GPU = true
		all[name+"-gpu.yaml"] = m
	}
	m := machine()
	m.UserData = "#cloud-config\npackages: [nfs-common]\nruncmd: [echo first]\nwrite_files: [{path: /etc/motd, content: ours}]\n"
	all["own-config.mime"] = m
	m.UserData = "#!/bin/sh\necho Grüße\n"
	all["own-script.mime"] = m
	return all
}

func render(t *testing.T, m edgecluster.Machine) []byte {
	t.Helper()
	data, err := edgecluster.UserData(m)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := edgecluster.UserData(m); err != nil || !bytes.Equal(data, again) {
		t.Fatalf("rendered again it differs: %v", err)
	}
	return data
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("it differs from %s; if that is right: go test ./pkg/edgecluster -update\n%s", path, got)
	}
}

func TestUserDataGolden(t *testing.T) {
	for name, m := range variants() {
		t.Run(name, func(t *testing.T) { golden(t, name, render(t, m)) })
	}
}

func TestJoinScriptGolden(t *testing.T) {
	script, err := edgecluster.JoinScript(machine(), "team-a/berlin", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "join.sh", []byte(script))
	evil := machine()
	evil.Labels = map[string]string{"a": "$(touch /tmp/x)'\"`id`\nOMNI_END_OF_FILE\nrm -rf /"}
	script, err = edgecluster.JoinScript(evil, "team-a/berlin", time.Time{})
	if err == nil && strings.Contains(script, "\nOMNI_END_OF_FILE\nrm") {
		t.Errorf("a label breaks out of its file:\n%s", script)
	}
	for _, check := range [][2]string{{"bash", "-n"}, {"shellcheck", "--enable=quote-safe-variables"}} {
		if out, err := exec.Command(tool.Path(t, check[0]), check[1], "testdata/join.sh").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", check[0], err, out)
		}
	}
}

// TestUserDataSchema asks cloud-init itself.
func TestUserDataSchema(t *testing.T) {
	program := tool.Path(t, "cloud-init")
	check := func(data []byte) error {
		path := filepath.Join(t.TempDir(), "user-data")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", path).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	for name, m := range variants() {
		if m.UserData == "" {
			if err := check(render(t, m)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	broken := bytes.Replace(render(t, machine()), []byte("  path: "), []byte("  pth: "), 1)
	if err := check(broken); err == nil {
		t.Error("cloud-init accepts a file without a path: the check is worth nothing")
	}
}

// noise is text that no compression makes much shorter.
func noise(characters int) string {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, characters)
	for i := range text {
		text[i] = byte('!' + random.IntN('~'-'!'))
	}
	return string(text)
}

// TestOwnUserData has cloud-init take the parts apart, decompress them and merge
// them: what the user wants comes first, and nothing is lost.
func TestOwnUserData(t *testing.T) {
	tool.Path(t, "cloud-init")
	const python = "/usr/bin/python3" // the one cloud-init is installed for
	long := variants()["own-config.mime"]
	long.UserData += "# " + strings.Repeat("comment ", 2000) + "\n"
	for name, m := range map[string]edgecluster.Machine{"plain": variants()["own-config.mime"], "compressed": long} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
			data := render(t, m)
			if compressed := bytes.HasPrefix(data, []byte{0x1f, 0x8b}); compressed != (name == "compressed") || len(data) > 16<<10 {
				t.Fatalf("compressed: %v, %d bytes", compressed, len(data))
			}
			if err := os.WriteFile(in, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if text, err := exec.Command(python, "testdata/merge.py", in, out).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			merged, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Packages   []string         `json:"packages"`
				RunCommand []any            `json:"runcmd"`
				WriteFiles []map[string]any `json:"write_files"`
			}
			if err := yaml.Unmarshal(merged, &got); err != nil {
				t.Fatal(err)
			}
			last := fmt.Sprint(got.RunCommand[len(got.RunCommand)-1])
			if len(got.Packages) != 1 || got.RunCommand[0] != "echo first" || !strings.Contains(last, "kubeadm join") ||
				len(got.WriteFiles) != 4 || got.WriteFiles[0]["path"] != "/etc/motd" {
				t.Errorf("merged:\n%s", merged)
			}
		})
	}
}

func TestUserDataRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*edgecluster.Machine)
		want   []string
		class  cloud.ErrorClass
	}{
		"no version": {func(m *edgecluster.Machine) { m.Version = "new" }, []string{"version"}, cloud.ClassTransient},
		"no cloud":   {func(m *edgecluster.Machine) { m.Provider = v1beta1.ProviderCustom }, []string{"Custom"}, cloud.ClassTransient},
		"labels too long": {
			func(m *edgecluster.Machine) { m.Labels["a"] = noise(20000) },
			[]string{"EC2 takes at most 16384", "labels"}, cloud.ClassConfig,
		},
		"too long for EC2": {
			func(m *edgecluster.Machine) { m.UserData = "#!" + noise(20000) },
			[]string{"spec.nodeDefaults.userData", "which has 20002 bytes", "EC2 takes at most 16384"}, cloud.ClassConfig,
		},
		"too long for OCI": {
			func(m *edgecluster.Machine) { m.Provider, m.UserData = v1beta1.ProviderOCI, "#!"+noise(30000) },
			[]string{"spec.nodeDefaults.userData", "in base64", "OCI takes at most 31991"}, cloud.ClassConfig,
		},
		"too long for Compute Engine": {
			func(m *edgecluster.Machine) {
				m.Provider, m.UserData = v1beta1.ProviderGCP, "#!"+strings.Repeat("a", 256<<10)
			},
			[]string{"spec.nodeDefaults.userData", "Compute Engine takes at most 262144"}, cloud.ClassConfig,
		},
		"neither configuration nor script": {
			func(m *edgecluster.Machine) { m.UserData = "packages: []" },
			[]string{"spec.nodeDefaults.userData", "#cloud-config", "#!"}, cloud.ClassConfig,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := machine()
			tc.change(&m)
			_, err := edgecluster.UserData(m)
			if err == nil || cloud.ClassOf(err) != tc.class {
				t.Fatalf("err = %v, want one of the class %s", err, tc.class)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want one that says %q", err, want)
				}
			}
		})
	}
}

// TestMetadataRules asks nft itself whether it understands the rules.
func TestMetadataRules(t *testing.T) {
	program := tool.Path(t, "nft")
	if out, err := exec.Command(program, "list", "tables").CombinedOutput(); err != nil {
		t.Skipf("nft may not look at the rules of this machine: %s", out)
	}
	if out, err := exec.Command(program, "--check", "--file", "metadata.nft").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
