// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgecluster"
)

// TestParts boots from all that user data may be wrapped in.
func TestParts(t *testing.T) {
	const config = "#cloud-config\nruncmd: [echo first]\n"
	for name, tc := range map[string]struct {
		provider v1beta1.CloudProvider
		own      string
		first    string
	}{
		"a configuration":      {v1beta1.ProviderAWS, config, "echo first"},
		"compressed":           {v1beta1.ProviderAWS, config + "# " + strings.Repeat("comment ", 3000), "echo first"},
		"a script":             {v1beta1.ProviderGCP, "#!/bin/sh\necho Grüße\n", "set -e"},
		"an umlaut, in base64": {v1beta1.ProviderOCI, config + "# Grüße\n", "echo first"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := edgecluster.UserData(edgecluster.Machine{
				Provider: tc.provider, GPU: true, NodeName: "cast-1", Server: "https://edge.example.com:6443",
				CA: []byte("CA"), BootstrapToken: "abcdef.0123456789abcdef", Version: "v1.37.1", UserData: tc.own,
			})
			if err != nil {
				t.Fatal(err)
			}
			b, err := parseUserData(data)
			if err != nil {
				t.Fatal(err)
			}
			if b.commands[0] != tc.first {
				t.Errorf("commands: %q", b.commands)
			}
			if j, err := b.join(); err != nil || j.nodeName != "cast-1" {
				t.Errorf("%+v, %v", j, err)
			}
		})
	}
}

func TestBrokenParts(t *testing.T) {
	for name, tc := range map[string]struct{ data, want string }{
		"gzip":      {"\x1f\x8bnothing", "gzip: "},
		"no header": {"Content-Type: multipart/mixed", "MIME: "},
		"no parts":  {"Content-Type: multipart/mixed; boundary=b\n\nnothing", "MIME: "},
		"kind":      {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/jinja2\n\n--b--\n", "text/jinja2 is not simulated"},
		// Lists of one configuration take the place of those before it.
		"lost": {
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/cloud-config\n\n#cloud-config\nruncmd: [kubeadm join --config /a]\n" +
				"--b\nContent-Type: text/cloud-config\n\n#cloud-config\nruncmd: [echo]\n--b--\n", "no command of runcmd is kubeadm join",
		},
	} {
		if _, err := bootAndJoin(tc.data); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}
