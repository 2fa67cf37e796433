// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/util/keyutil"

	"github.com/castai/omni/pkg/apiserver/encryption"
	"github.com/castai/omni/pkg/apiserver/options"
)

// authority signs certificates into files of a directory.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, Subject: pkix.Name{CommonName: "ca"}}
	a.sign("ca", template)
	return a
}

// file of the certificate or, with suffix .key, of its key.
func (a *authority) file(name, suffix string) string { return filepath.Join(a.dir, name+suffix) }

// issue makes a certificate for 127.0.0.1, for servers and clients.
func (a *authority) issue(name string) {
	a.t.Helper()
	a.sign(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
}

// sign signs the template with the authority, or with itself if it is the first.
func (a *authority) sign(name string, template *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	encodedKey, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for suffix, content := range map[string][]byte{
		".crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		".key": encodedKey,
	} {
		if err := os.WriteFile(a.file(name, suffix), content, 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}

// startCluster runs an etcd that asks for client certificates, and returns its URL.
func startCluster(t *testing.T, a *authority) string {
	t.Helper()
	a.issue("etcd")
	config := embed.NewConfig()
	config.Dir, config.LogLevel = t.TempDir(), "fatal"
	client := []url.URL{{Scheme: "https", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls, config.ListenPeerUrls = client, client, nil
	config.ClientTLSInfo = transport.TLSInfo{
		CertFile: a.file("etcd", ".crt"), KeyFile: a.file("etcd", ".key"),
		TrustedCAFile: a.file("ca", ".crt"), ClientCertAuth: true,
	}
	cluster, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	<-cluster.Server.ReadyNotify()
	return "https://" + cluster.Clients[0].Addr().String()
}

// clusterOptions are those of a replica on the etcd cluster.
func clusterOptions(server, key string, a *authority, client string) *options.Options {
	o := newOptions()
	transport := &o.Recommended.Etcd.StorageConfig.Transport
	transport.ServerList = []string{server}
	transport.TrustedCAFile = a.file("ca", ".crt")
	transport.CertFile, transport.KeyFile = a.file(client, ".crt"), a.file(client, ".key")
	o.Recommended.Etcd.EncryptionProviderConfigFilepath = key
	return o
}

func TestEtcdCluster(t *testing.T) {
	a := newAuthority(t)
	a.issue("replica")
	server, keys := startCluster(t, a), t.TempDir()
	if err := encryption.Ensure(keys, func(func(encryption.Stored, error) bool) {}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	key := encryption.File(keys)
	first := serve(t, clusterOptions(server, key, a, "replica"), func() {})
	second := serve(t, clusterOptions(server, key, a, "replica"), func() {})

	watcher, err := second.client().OmniV1beta1().EdgeLocations(namespace).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	created := first.createLocation(t, "shared")
	event := <-watcher.ResultChan()
	if object, ok := event.Object.(metav1.Object); !ok || event.Type != watch.Added || object.GetUID() != created.UID {
		t.Errorf("the other replica has seen %+v, want the new object", event)
	}

	m := newMaintenance("")
	m.Servers = clusterOptions(server, key, a, "replica").Recommended.Etcd.StorageConfig.Transport
	if err := m.Snapshot(t.Context(), filepath.Join(t.TempDir(), "omni.db")); err != nil {
		t.Error(err)
	}
	if status, err := m.Status(t.Context()); err != nil || status.Objects["secretbox/key1"] != 1 {
		t.Errorf("%+v %v, want one encrypted object", status, err)
	}
	testWrongCredentials(t, server, key, a)
}

// testWrongCredentials: a server that could never reach its etcd says so at start.
func testWrongCredentials(t *testing.T, server, key string, a *authority) {
	stranger := newAuthority(t)
	stranger.issue("replica")
	unknownCA := clusterOptions(server, key, a, "replica")
	unknownCA.Recommended.Etcd.StorageConfig.Transport.TrustedCAFile = stranger.file("ca", ".crt")
	noCertificate := clusterOptions(server, key, a, "replica")
	noCertificate.Recommended.Etcd.StorageConfig.Transport.CertFile = ""
	noCertificate.Recommended.Etcd.StorageConfig.Transport.KeyFile = ""
	strange := clusterOptions(server, key, a, "replica")
	strange.Recommended.Etcd.StorageConfig.Transport.CertFile = stranger.file("replica", ".crt")
	strange.Recommended.Etcd.StorageConfig.Transport.KeyFile = stranger.file("replica", ".key")
	otherKey := t.TempDir()
	if err := encryption.Ensure(otherKey, func(func(encryption.Stored, error) bool) {}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		o    *options.Options
		want string
	}{
		"certificate of a stranger": {strange, "remote error: tls: "},
		"no certificate":            {noCertificate, "remote error: tls: "},
		"unknown authority":         {unknownCA, "certificate signed by unknown authority"},
		"missing file":              {clusterOptions(server, key, a, "missing"), "--etcd-certfile"},
		"nobody listens":            {clusterOptions("https://127.0.0.1:1", key, a, "replica"), "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, configError(t, test.o), test.want, "--etcd-cafile, --etcd-certfile and --etcd-keyfile")
		})
	}
	t.Run("another key", func(t *testing.T) {
		wantError(t, configError(t, clusterOptions(server, encryption.File(otherKey), a, "replica")), "does not decrypt")
	})
}
