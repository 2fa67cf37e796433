// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package pki makes certificate authorities and what they sign, in memory and as
// PEM. The caller says what time it is.
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
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// Skew is by how much the clocks of two machines may differ: a certificate is
// valid from so long before it was made.
const Skew = 5 * time.Minute

// Authority is a certificate authority with its key.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// KeyPair is a certificate and its private key in PEM.
type KeyPair struct{ Cert, Key []byte }

// NewAuthority makes an authority that signs itself.
func NewAuthority(name string, now time.Time, lifetime time.Duration) (*Authority, error) {
	template := newTemplate(name, now, lifetime)
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &Authority{cert: template, key: key}
	if ca.cert, err = ca.create(template, key.Public()); err != nil {
		return nil, err
	}
	return ca, nil
}

// ParseAuthority reads an authority. Of several certificates it is the first.
func ParseAuthority(pair KeyPair) (*Authority, error) {
	certs, err := cert.ParseCertsPEM(pair.Cert)
	if err != nil {
		return nil, err
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(pair.Key)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(certs[0].PublicKey) {
		return nil, errors.New("the key is not the one of the certificate")
	}
	return &Authority{cert: certs[0], key: key}, nil
}

// Certificate is the authority's own.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// KeyPair is the authority itself in PEM.
func (a *Authority) KeyPair() (KeyPair, error) { return encode(a.cert, a.key) }

// Server signs a certificate that servers of these names show.
func (a *Authority) Server(names cert.AltNames, now time.Time, lifetime time.Duration) (KeyPair, error) {
	template := newTemplate("", now, lifetime)
	template.DNSNames, template.IPAddresses = names.DNSNames, names.IPs
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return a.sign(template)
}

// Client signs a certificate that makes its holder the user, in the groups.
func (a *Authority) Client(user string, groups []string, now time.Time, lifetime time.Duration) (KeyPair, error) {
	template := newTemplate(user, now, lifetime)
	template.Subject.Organization = groups
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.sign(template)
}

func newTemplate(name string, now time.Time, lifetime time.Duration) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-Skew),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

func (a *Authority) sign(template *x509.Certificate) (KeyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, err
	}
	signed, err := a.create(template, key.Public())
	if err != nil {
		return KeyPair{}, err
	}
	return encode(signed, key)
}

func (a *Authority) create(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	var err error
	// At most 20 octets and positive: RFC 5280, 4.1.2.2.
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159)); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

func encode(certificate *x509.Certificate, key crypto.Signer) (KeyPair, error) {
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	return KeyPair{Cert: EncodeCertificates(certificate), Key: keyPEM}, err
}

// EncodeCertificates returns the certificates as one PEM bundle.
func EncodeCertificates(certificates ...*x509.Certificate) []byte {
	var bundle []byte
	for _, certificate := range certificates {
		bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: certificate.Raw})...)
	}
	return bundle
}
