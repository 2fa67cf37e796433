// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package standalone is what a server needs that has no main cluster: an
// authority of its own, users with kubeconfigs, and RBAC from a file.
package standalone

import (
	_ "embed" // the default of rbac.yaml
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/utils/clock"

	"github.com/castai/omni/artifacts"
	"github.com/castai/omni/pkg/apiserver/rbac"
	"github.com/castai/omni/pkg/pki"
)

const (
	// authorityLifetime outlives any trial, so that the kubeconfigs of a data
	// directory are trusted as long as it exists.
	authorityLifetime = 10 * 365 * 24 * time.Hour
	// leafLifetime is for what is made anew at every start.
	leafLifetime = 365 * 24 * time.Hour
)

//go:embed rbac.yaml
var defaultBindings []byte

// Home is the data directory of a standalone server, besides its etcd:
//
//	pki/ca.{crt,key}            the authority, kept
//	pki/serving.{crt,key}       made anew at every start
//	rbac.yaml                   who may do what; the user's to change
//	{admin,team-a,team-b}.kubeconfig   made anew at every start
type Home struct {
	dir    string
	ca     *pki.Authority
	policy *rbac.Policy
	clock  clock.PassiveClock
}

// Open makes what is missing in the directory and reads what is there.
func Open(dir string, clock clock.PassiveClock) (*Home, error) {
	h := &Home{dir: dir, clock: clock}
	if err := os.MkdirAll(h.path("pki"), 0o700); err != nil {
		return nil, err
	}
	if err := h.openAuthority(); err != nil {
		return nil, fmt.Errorf("the certificate authority in %s: %w", h.path("pki"), err)
	}
	if err := h.writeServing(); err != nil {
		return nil, fmt.Errorf("the serving certificate: %w", err)
	}
	return h, h.readBindings()
}

func (h *Home) openAuthority() error {
	certPEM, err := os.ReadFile(h.CAFile())
	if errors.Is(err, fs.ErrNotExist) {
		if h.ca, err = pki.NewAuthority("omni-standalone", h.clock.Now(), authorityLifetime); err != nil {
			return err
		}
		pair, err := h.ca.KeyPair()
		if err != nil {
			return err
		}
		// The certificate comes last: where it is, its key is.
		return errors.Join(writePrivate(h.path("pki", "ca.key"), pair.Key), writePrivate(h.CAFile(), pair.Cert))
	}
	if err != nil {
		return err
	}
	key, err := os.ReadFile(h.path("pki", "ca.key"))
	if err != nil {
		return err
	}
	h.ca, err = pki.ParseAuthority(pki.KeyPair{Cert: certPEM, Key: key})
	return err
}

func (h *Home) writeServing() error {
	names := cert.AltNames{DNSNames: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	pair, err := h.ca.Server(names, h.clock.Now(), leafLifetime)
	if err != nil {
		return err
	}
	certFile, keyFile := h.ServingFiles()
	return errors.Join(writePrivate(keyFile, pair.Key), writePrivate(certFile, pair.Cert))
}

func (h *Home) readBindings() error {
	file := h.path("rbac.yaml")
	bindings, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		bindings, err = defaultBindings, writePrivate(file, defaultBindings)
	}
	if err != nil {
		return err
	}
	h.policy, err = rbac.Parse(rbac.Kubernetes,
		rbac.Source{Name: "roles of OMNI", YAML: artifacts.Roles}, rbac.Source{Name: file, YAML: bindings})
	return err
}

// Policy is what rbac.yaml and the roles that are shipped allow.
func (h *Home) Policy() *rbac.Policy { return h.policy }

// CAFile is the certificate of the authority, which signs servers and clients.
func (h *Home) CAFile() string { return h.path("pki", "ca.crt") }

// CABundle is what CAFile holds.
func (h *Home) CABundle() []byte { return pki.EncodeCertificates(h.ca.Certificate()) }

// ServingFiles are the certificate and the key to serve loopback with.
func (h *Home) ServingFiles() (certFile, keyFile string) {
	return h.path("pki", "serving.crt"), h.path("pki", "serving.key")
}

func (h *Home) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// writePrivate replaces the file at once, readable by its owner only.
func writePrivate(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
