// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"crypto/rand"
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
	"k8s.io/client-go/util/cert"

	"github.com/castai/omni/pkg/apiserver/encryption"
	"github.com/castai/omni/pkg/apiserver/options"
	"github.com/castai/omni/pkg/pki"
)

// authority signs certificates into files of a directory.
type authority struct {
	t   *testing.T
	dir string
	ca  *pki.Authority
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	ca, err := pki.NewAuthority("ca", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, dir: t.TempDir(), ca: ca}
	pair, err := ca.KeyPair()
	a.write("ca", pair, err)
	return a
}

// file of the certificate or, with suffix .key, of its key.
func (a *authority) file(name, suffix string) string { return filepath.Join(a.dir, name+suffix) }

// server makes a certificate that servers on 127.0.0.1 show.
func (a *authority) server(name string) {
	a.t.Helper()
	pair, err := a.ca.Server(cert.AltNames{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}, time.Now(), time.Hour)
	a.write(name, pair, err)
}

// client makes a certificate that the client of this name shows.
func (a *authority) client(name string) {
	a.t.Helper()
	pair, err := a.ca.Client(name, nil, time.Now(), time.Hour)
	a.write(name, pair, err)
}

// write puts into files what was made, unless that failed.
func (a *authority) write(name string, pair pki.KeyPair, err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	for suffix, content := range map[string][]byte{".crt": pair.Cert, ".key": pair.Key} {
		if err := os.WriteFile(a.file(name, suffix), content, 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}

// startCluster runs an etcd that asks for client certificates, and returns its URL.
func startCluster(t *testing.T, a *authority) string {
	t.Helper()
	a.server("etcd")
	config := embed.NewConfig()
	config.Dir, config.LogLevel = t.TempDir(), "fatal"
	config.EnableGRPCGateway = false // it would be a client with the server's certificate
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
	a.client("replica")
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
	stranger.client("replica")
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
