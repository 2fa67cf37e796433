// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/pki"
)

// TestServingCertificateRotates replaces the files, authority and all, as a mounted
// Secret does, under a client that stays connected.
func TestServingCertificateRotates(t *testing.T) {
	dir := etcdtest.DataDir(t)
	// A Secret is mounted as links through one link that is replaced at once.
	first := mountCertificate(t, dir, "first")
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := newServerOn(t, dir, func(o *options.Options) {
		files := &o.Recommended.SecureServing.ServerCert.CertKey
		files.CertFile, files.KeyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	})

	connected := s.trusting(first)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	events, err := connected.OmniV1beta1().EdgeLocations(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()

	second := mountCertificate(t, dir, "second")
	fresh := func(context.Context) (bool, error) { return s.handshake(second) == nil, nil }
	if err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, fresh); err != nil {
		t.Fatal("new connections do not get the new certificate")
	}
	if err := s.handshake(first); err == nil {
		t.Error("a new connection got the old certificate")
	}
	s.createLocation(t, "rotated")
	event := <-events.ResultChan()
	if location, ok := event.Object.(*v1beta1.EdgeLocation); event.Type != watch.Added || !ok || location.Name != "rotated" {
		t.Errorf("the watch from before the rotation got %v", event)
	}
	if _, err := s.trusting(second).OmniV1beta1().EdgeLocations(namespace).List(ctx, metav1.ListOptions{}); err != nil {
		t.Errorf("a new client: %v", err)
	}
}

// mountCertificate puts a certificate of a new authority into the directory, in the
// place of what is there, and returns the authority.
func mountCertificate(t *testing.T, dir, version string) *x509.Certificate {
	t.Helper()
	ca, err := pki.NewAuthority(version, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Server(cert.AltNames{DNSNames: []string{"omni-apiserver.omni-system.svc"}}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	link, data := filepath.Join(dir, "..new"), filepath.Join(dir, "..data")
	before, _ := os.Readlink(data) // none at first
	err = errors.Join(
		os.Mkdir(filepath.Join(dir, version), 0o700),
		os.WriteFile(filepath.Join(dir, version, "tls.crt"), pair.Cert, 0o600),
		os.WriteFile(filepath.Join(dir, version, "tls.key"), pair.Key, 0o600),
		os.Symlink(version, link), os.Rename(link, data),
	)
	if before != "" {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, before)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return ca.Certificate()
}

// trusting returns a client with connections of its own.
func (s *testServer) trusting(authority *x509.Certificate) versioned.Interface {
	config := s.as("viewer")
	config.TLSClientConfig = restclient.TLSClientConfig{
		ServerName: "omni-apiserver.omni-system.svc", CAData: pki.EncodeCertificates(authority),
	}
	return versioned.NewForConfigOrDie(config)
}

// handshake connects anew and verifies what is served.
func (s *testServer) handshake(authority *x509.Certificate) error {
	server, err := url.Parse(s.admin.Host)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	connection, err := tls.Dial("tcp", server.Host, &tls.Config{ServerName: "omni-apiserver.omni-system.svc", RootCAs: roots})
	if err != nil {
		return err
	}
	return connection.Close()
}
