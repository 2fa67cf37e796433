// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"io/fs"
	"os"
	"testing"

	"k8s.io/client-go/util/cert"
)

func TestSignedCertificatesVerify(t *testing.T) {
	dir := t.TempDir()
	ca, err := NewAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertPEM())
	server, err := ca.Server("omni-apiserver", "omni-apiserver.omni-system.svc")
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.Client("team-a", "team-a", "developers")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"omni-apiserver.omni-system.svc", "localhost", "127.0.0.1"} {
		if _, err := read(t, server).Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("server as %s: %v", name, err)
		}
	}
	leaf := read(t, client)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Errorf("client: %v", err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots}); err == nil {
		t.Error("the client's certificate serves too")
	}
	if leaf.Subject.CommonName != "team-a" || len(leaf.Subject.Organization) != 1 || leaf.Subject.Organization[0] != "developers" {
		t.Errorf("subject %v", leaf.Subject)
	}
	for _, key := range []string{ca.KeyFile(), server.Key, client.Key} {
		if info, err := os.Stat(key); err != nil || info.Mode() != fs.FileMode(0o600) {
			t.Errorf("%s: mode %v, %v; want 0600", key, info.Mode(), err)
		}
	}
}

func TestEverythingIsKept(t *testing.T) {
	dir := t.TempDir()
	sign := func() (string, string) {
		ca, err := NewAuthority(dir, "ca")
		if err != nil {
			t.Fatal(err)
		}
		files, err := ca.Client("admin", "admin")
		if err != nil {
			t.Fatal(err)
		}
		return string(ca.CertPEM()), string(read(t, files).Raw)
	}
	ca, leaf := sign()
	ca2, leaf2 := sign()
	if ca != ca2 || leaf != leaf2 {
		t.Error("made again, so that nothing that runs is trusted any more")
	}
}

func read(t *testing.T, files Files) *x509.Certificate {
	t.Helper()
	certs, err := cert.CertsFromFile(files.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}
