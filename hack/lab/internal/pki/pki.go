// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package pki makes the lab's certificates: authorities and what they sign, as
// PEM files in one directory, keys with mode 0600. What is there is kept, so
// that a second `up` trusts what the first one made.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// lifetime of everything signed here. A lab lives for hours; a month lets one be
// left running, and no longer.
const lifetime = 30 * 24 * time.Hour

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
	files := filesOf(dir, name)
	if !files.exist() {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		ca, err := cert.NewSelfSignedCACert(cert.Config{CommonName: name}, key)
		if err != nil {
			return nil, err
		}
		if err := files.write(ca.Raw, key); err != nil {
			return nil, err
		}
	}
	certs, err := cert.CertsFromFile(files.Cert)
	if err != nil {
		return nil, err
	}
	key, err := keyutil.PrivateKeyFromFile(files.Key)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a %T cannot sign", files.Key, key)
	}
	return &Authority{dir: dir, cert: certs[0], key: signer}, nil
}

// CertFile is the path of the authority's own certificate.
func (a *Authority) CertFile() string { return filesOf(a.dir, a.cert.Subject.CommonName).Cert }

// KeyFile is the path of the authority's private key.
func (a *Authority) KeyFile() string { return filesOf(a.dir, a.cert.Subject.CommonName).Key }

// CertPEM is the authority's own certificate: what clients are told to trust.
func (a *Authority) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: a.cert.Raw})
}

// Client signs a client certificate for a user and its groups.
func (a *Authority) Client(name, user string, groups ...string) (Files, error) {
	return a.sign(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Server signs a serving certificate for loopback and the DNS names. It is a
// client certificate too: etcd's gateway dials etcd with what it serves.
func (a *Authority) Server(name string, dnsNames ...string) (Files, error) {
	return a.sign(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    append([]string{"localhost"}, dnsNames...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
}

func (a *Authority) sign(name string, template *x509.Certificate) (Files, error) {
	files := filesOf(a.dir, name)
	if files.exist() {
		return files, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Files{}, err
	}
	// 20 octets at most: RFC 5280, 4.1.2.2.
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159))
	if err != nil {
		return Files{}, err
	}
	template.NotBefore = a.cert.NotBefore
	template.NotAfter = time.Now().Add(lifetime)
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return Files{}, fmt.Errorf("sign %s: %w", name, err)
	}
	return files, files.write(der, key)
}

// KeyPair reads or makes the key pair that signs ServiceAccount tokens: Key is
// the private half, Cert the public one.
func KeyPair(dir, name string) (Files, error) {
	files := Files{Cert: filepath.Join(dir, name+".pub"), Key: filepath.Join(dir, name+".key")}
	if files.exist() {
		return files, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Files{}, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return Files{}, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: keyutil.PublicKeyBlockType, Bytes: public})
	return files, errors.Join(writeKey(files.Key, key), os.WriteFile(files.Cert, block, 0o644))
}

func filesOf(dir, name string) Files {
	return Files{Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key")}
}

func (f Files) exist() bool {
	for _, path := range []string{f.Cert, f.Key} {
		if _, err := os.Stat(path); err != nil {
			return false
		}
	}
	return true
}

func (f Files) write(der []byte, key crypto.Signer) error {
	block := pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: der})
	return errors.Join(writeKey(f.Key, key), os.WriteFile(f.Cert, block, 0o644))
}

func writeKey(path string, key crypto.PrivateKey) error {
	data, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return keyutil.WriteKey(path, data) // mode 0600
}
