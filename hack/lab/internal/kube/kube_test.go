// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/tls"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/hack/lab/internal/pki"
)

func TestWriteKubeconfig(t *testing.T) {
	dir := t.TempDir()
	ca, err := pki.NewAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Client("client", "team-a", "team-a")
	if err != nil {
		t.Fatal(err)
	}
	cluster := Cluster{Name: "main", Server: "https://127.0.0.1:26000", CA: ca.CertPEM()}
	tests := []struct {
		name        string
		credentials Credentials
	}{
		{"client certificate", Credentials{Client: files}},
		{"token", Credentials{Token: "abc"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			// "n" is false to a YAML 1.1 reader unless it is quoted.
			if err := WriteKubeconfig(path, cluster, "n", "team-a", test.credentials); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != fs.FileMode(0o600) {
				t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
			}
			loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
				&clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil)
			config, err := loader.ClientConfig()
			if err != nil {
				t.Fatal(err)
			}
			if config.Host != cluster.Server || string(config.CAData) != string(cluster.CA) || config.Insecure {
				t.Errorf("server %q, insecure %v", config.Host, config.Insecure)
			}
			if config.BearerToken != test.credentials.Token {
				t.Errorf("token %q", config.BearerToken)
			}
			if test.credentials.Token == "" {
				if _, err := tls.X509KeyPair(config.CertData, config.KeyData); err != nil {
					t.Errorf("client certificate: %v", err)
				}
			}
			if namespace, _, err := loader.Namespace(); err != nil || namespace != "team-a" {
				t.Errorf("namespace %q, %v", namespace, err)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	objects, err := Decode([]byte("# only a comment\n---\nkind: A\napiVersion: v1\n---\n\n---\nkind: B\napiVersion: v1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 2 || objects[0].GetKind() != "A" || objects[1].GetKind() != "B" {
		t.Errorf("got %v", objects)
	}
	if _, err := Decode([]byte("kind: [")); err == nil {
		t.Error("broken YAML is no error")
	}
}
