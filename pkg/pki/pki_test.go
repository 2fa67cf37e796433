// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"net"
	"testing"
	"time"

	"k8s.io/client-go/util/cert"
)

var now = time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)

func TestSignedBy(t *testing.T) {
	made, err := NewAuthority("ca", now, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := made.KeyPair()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := ParseAuthority(pair)
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.Server(cert.AltNames{DNSNames: []string{"omni"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.Client("anna", []string{"team-a"}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewAuthority("ca", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		of    KeyPair
		by    *Authority
		usage x509.ExtKeyUsage
		host  string
		at    time.Time
		valid bool
	}{
		"server by name":    {server, ca, x509.ExtKeyUsageServerAuth, "omni", now, true},
		"server by address": {server, ca, x509.ExtKeyUsageServerAuth, "127.0.0.1", now, true},
		"another name":      {server, ca, x509.ExtKeyUsageServerAuth, "other", now, false},
		"server as client":  {server, ca, x509.ExtKeyUsageClientAuth, "", now, false},
		"expired":           {server, ca, x509.ExtKeyUsageServerAuth, "omni", now.Add(2 * time.Hour), false},
		"a clock behind":    {server, ca, x509.ExtKeyUsageServerAuth, "omni", now.Add(-time.Minute), true},
		"another authority": {server, other, x509.ExtKeyUsageServerAuth, "omni", now, false},
		"client":            {client, ca, x509.ExtKeyUsageClientAuth, "", now, true},
		"client as server":  {client, ca, x509.ExtKeyUsageServerAuth, "", now, false},
	} {
		certs, err := cert.ParseCertsPEM(test.of.Cert)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(test.by.Certificate())
		_, err = certs[0].Verify(x509.VerifyOptions{
			Roots: roots, CurrentTime: test.at, DNSName: test.host, KeyUsages: []x509.ExtKeyUsage{test.usage},
		})
		if (err == nil) != test.valid {
			t.Errorf("%s: %v, want valid: %v", name, err, test.valid)
		}
	}
	if _, err := ParseAuthority(KeyPair{Cert: pair.Cert, Key: server.Key}); err == nil {
		t.Error("a key of another certificate makes an authority")
	}
}
