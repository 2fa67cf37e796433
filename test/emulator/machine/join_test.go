// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgecluster"
)

// userData is what OMNI renders; each test changes one thing in it.
func userData(t *testing.T) string {
	t.Helper()
	data, err := edgecluster.UserData(edgecluster.Machine{
		Provider:       v1beta1.ProviderAWS,
		NodeName:       "cast-1",
		ProviderID:     "castai-omni://aws/us-west-2/cast-1",
		Labels:         map[string]string{"omni.cast.ai/edge-id": "1", "topology.kubernetes.io/zone": "us-west-2a"},
		Server:         "https://edge.example.com:6443",
		CA:             []byte("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"),
		BootstrapToken: "abcdef.0123456789abcdef",
		Version:        "v1.37.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func bootAndJoin(data string) (*join, error) {
	b, err := parseUserData([]byte(data))
	if err != nil {
		return nil, err
	}
	return b.join()
}

func TestJoin(t *testing.T) {
	j, err := bootAndJoin(userData(t))
	if err != nil {
		t.Fatal(err)
	}
	if j.nodeName != "cast-1" || j.providerID != "castai-omni://aws/us-west-2/cast-1" || j.token != "abcdef.0123456789abcdef" ||
		j.labels["topology.kubernetes.io/zone"] != "us-west-2a" || j.labels["omni.cast.ai/edge-id"] != "1" || len(j.taints) != 0 {
		t.Errorf("got %+v", j)
	}
	if j.api.Host != "https://edge.example.com:6443" || !strings.Contains(string(j.api.CAData), "MA==") || j.api.BearerToken != "" {
		t.Errorf("got %+v", j.api)
	}
}

func TestBrokenUserData(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"shell script":     {"#cloud-config", "#!/bin/bash", "want #cloud-config"},
		"unknown module":   {"runcmd:", "runcmds:", "runcmds is no module of cloud-init"},
		"duplicate key":    {"#cloud-config\n", "#cloud-config\nruncmd: []\n", `key "runcmd" already set`},
		"broken YAML":      {"#cloud-config\n", "#cloud-config\n\t- {", "user data: "},
		"relative path":    {"path: /etc/kubernetes/omni-join.yaml", "path: omni-join.yaml", `"omni-join.yaml" is not absolute`},
		"no join":          {"- kubeadm\n", "- kubeadmin\n", "no command of runcmd is kubeadm join"},
		"other file":       {"path: /etc/kubernetes/omni-join.yaml", "path: /etc/kubernetes/other.yaml", "/etc/kubernetes/omni-join.yaml is not among write_files"},
		"no kubeconfig":    {"path: /etc/kubernetes/omni-bootstrap.kubeconfig", "path: /etc/x", "kubeConfigPath"},
		"old kubeadm API":  {"kubeadm.k8s.io/v1beta4", "kubeadm.k8s.io/v1beta3", "want kubeadm.k8s.io/v1beta4"},
		"unknown field":    {"nodeRegistration:", "nodeRegistrations:", "unknown field"},
		"unknown argument": {"name: provider-id", "name: provider-i", "provider-i is not simulated"},
		"label without =":  {"omni.cast.ai/edge-id=1", "omni.cast.ai/edge-id", "is not key=value"},
		"malformed token":  {"abcdef.0123456789abcdef", "abcdef", "discovery.tlsBootstrapToken"},
		"no TLS":           {"https://edge.example.com", "http://edge.example.com", "is not https"},
		"no CA":            {"certificate-authority-data", "tls-server-name", "certificate-authority-data is needed"},
		"unknown encoding": {"path: /etc/kubernetes/omni-join.yaml", "path: /etc/kubernetes/omni-join.yaml\n  encoding: gz+b64", "is not simulated"},
	} {
		t.Run(name, func(t *testing.T) {
			data := userData(t)
			if !strings.Contains(data, tc.old) {
				t.Fatalf("the test is stale: no %q in\n%s", tc.old, data)
			}
			_, err := bootAndJoin(strings.ReplaceAll(data, tc.old, tc.new))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "0123456789abcdef") {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestWriteFiles(t *testing.T) {
	b, err := parseUserData([]byte(`#cloud-config
write_files:
- {path: /a, content: one}
- {path: /a, content: dHdv, encoding: b64, append: true}
runcmd:
- echo "hello world"
- [kubeadm, join, --config, /a]
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b.files["/a"]); got != "onetwo" {
		t.Errorf("/a holds %q", got)
	}
	if got := strings.Join(b.commands, "|"); got != `echo "hello world"|kubeadm join --config /a` {
		t.Errorf("commands: %s", got)
	}
}

func TestAllocatable(t *testing.T) {
	i := Instance{VCPUs: 2, MemoryMiB: 8192, DiskGiB: 30}
	list := i.allocatable()
	if cpu := list.Cpu().MilliValue(); cpu != 2000 {
		t.Errorf("cpu: %dm", cpu)
	}
	if memory := list.Memory().Value() >> 20; memory != 7477 { // 8192 * 0.925 - 100, rounded down
		t.Errorf("memory: %d MiB", memory)
	}
	if disk := list.StorageEphemeral().Value() >> 30; disk != 27 {
		t.Errorf("disk: %d GiB", disk)
	}
}
