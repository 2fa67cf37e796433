// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package pki makes the lab's certificates with kubeadm's code: authorities and what
// they sign, as PEM files in one directory, keys with mode 0600. What is there is
// kept, so that a second `up` trusts what the first one made.
package pki

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/pkiutil"
)

const (
	// lifetime of everything signed here. A lab lives for hours; a month lets one be
	// left running, and no longer.
	lifetime  = 30 * 24 * time.Hour
	algorithm = kubeadm.EncryptionAlgorithmECDSAP256
)

// Authority is a certificate authority whose key is on disk.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

// Files are the paths of a certificate and its private key.
type Files struct{ Cert, Key string }

// NewAuthority reads the authority NAME from dir, or makes it.
func NewAuthority(dir, name string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if !filesOf(dir, name).exist() {
		made, key, err := pkiutil.NewCertificateAuthority(config(cert.Config{CommonName: name}))
		if err != nil {
			return nil, err
		}
		if err := pkiutil.WriteCertAndKey(dir, name, made, key); err != nil {
			return nil, err
		}
	}
	read, key, err := pkiutil.TryLoadCertAndKeyFromDisk(dir, name)
	if err != nil {
		return nil, err
	}
	return &Authority{dir: dir, cert: read, key: key}, nil
}

// CertFile is the path of the authority's own certificate.
func (a *Authority) CertFile() string { return filesOf(a.dir, a.cert.Subject.CommonName).Cert }

// KeyFile is the path of the authority's private key.
func (a *Authority) KeyFile() string { return filesOf(a.dir, a.cert.Subject.CommonName).Key }

// CertPEM is the authority's own certificate: what clients are told to trust.
func (a *Authority) CertPEM() []byte { return pkiutil.EncodeCertPEM(a.cert) }

// Client signs a client certificate for a user and its groups.
func (a *Authority) Client(name, user string, groups ...string) (Files, error) {
	return a.sign(name, cert.Config{CommonName: user, Organization: groups, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// Server signs a serving certificate for loopback and the DNS names. It is a
// client certificate too: etcd's gateway dials etcd with what it serves.
func (a *Authority) Server(name string, dnsNames ...string) (Files, error) {
	return a.sign(name, cert.Config{
		CommonName: name,
		Usages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		AltNames:   cert.AltNames{DNSNames: append([]string{"localhost"}, dnsNames...), IPs: []net.IP{net.IPv4(127, 0, 0, 1)}},
	})
}

func (a *Authority) sign(name string, c cert.Config) (Files, error) {
	files := filesOf(a.dir, name)
	if files.exist() {
		return files, nil
	}
	signed, key, err := pkiutil.NewCertAndKey(a.cert, a.key, config(c))
	if err != nil {
		return Files{}, fmt.Errorf("sign %s: %w", name, err)
	}
	return files, pkiutil.WriteCertAndKey(a.dir, name, signed, key)
}

func config(c cert.Config) *pkiutil.CertConfig {
	return &pkiutil.CertConfig{Config: c, NotAfter: time.Now().Add(lifetime), EncryptionAlgorithm: algorithm}
}

// KeyPair reads or makes the key pair that signs ServiceAccount tokens: Key is
// the private half, Cert the public one.
func KeyPair(dir, name string) (Files, error) {
	files := Files{Cert: filepath.Join(dir, name+".pub"), Key: filesOf(dir, name).Key}
	if files.exist() {
		return files, nil
	}
	key, err := pkiutil.GeneratePrivateKey(algorithm)
	if err != nil {
		return Files{}, err
	}
	return files, errors.Join(pkiutil.WriteKey(dir, name, key), pkiutil.WritePublicKey(dir, name, key.Public()))
}

func filesOf(dir, name string) Files {
	certificate, key := pkiutil.PathsForCertAndKey(dir, name)
	return Files{Cert: certificate, Key: key}
}

func (f Files) exist() bool {
	for _, path := range []string{f.Cert, f.Key} {
		if _, err := os.Stat(path); err != nil {
			return false
		}
	}
	return true
}
