// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/pki"
)

const (
	// authorityLifetime is short enough for the rotation to be a habit.
	authorityLifetime = 365 * 24 * time.Hour
	// servingLifetime is what public authorities and cert-manager have settled on.
	servingLifetime = 90 * 24 * time.Hour
	// overlap is how long an authority is trusted before it signs anything in use:
	// every kube-apiserver has to have seen the new caBundle.
	overlap = 5 * time.Minute
)

// authorities are the current one and the certificates of all that are trusted,
// the current one first.
type authorities struct {
	current *pki.Authority
	trusted []*x509.Certificate
}

func (a *authorities) bundle() []byte { return pki.EncodeCertificates(a.trusted...) }

// ensureAuthority reads the authority, and makes the first or the next one.
func (r *Rotator) ensureAuthority(ctx context.Context) (*authorities, error) {
	secret, err := r.secret(ctx, service+"-ca")
	if err != nil {
		return nil, err
	}
	a, now := &authorities{}, r.Clock.Now()
	if len(secret.Data) > 0 {
		pair := pki.KeyPair{Cert: secret.Data[corev1.TLSCertKey], Key: secret.Data[corev1.TLSPrivateKeyKey]}
		if a.current, err = pki.ParseAuthority(pair); err != nil {
			return nil, fmt.Errorf("the Secret %s/%s: %w: delete it to get another one", r.Namespace, secret.Name, err)
		}
		if a.trusted, err = cert.ParseCertsPEM(pair.Cert); err != nil {
			return nil, err
		}
	}
	if a.current == nil || due(a.current.Certificate(), now) {
		if a.current, err = pki.NewAuthority(service+"-ca", now, authorityLifetime); err != nil {
			return nil, err
		}
		a.trusted = append([]*x509.Certificate{a.current.Certificate()}, a.trusted...)
		a.trusted = slices.DeleteFunc(a.trusted, func(c *x509.Certificate) bool { return now.After(c.NotAfter) })
		pair, err := a.current.KeyPair()
		if err != nil {
			return nil, err
		}
		if err := r.write(ctx, secret, map[string][]byte{corev1.TLSCertKey: a.bundle(), corev1.TLSPrivateKeyKey: pair.Key}); err != nil {
			return nil, err
		}
	}
	expiration.WithLabelValues("authority").Set(float64(a.current.Certificate().NotAfter.Unix()))
	return a, nil
}

// ensureServing makes or renews the certificate that omni-apiserver serves.
func (r *Rotator) ensureServing(ctx context.Context, a *authorities) error {
	secret, err := r.secret(ctx, service+"-tls")
	if err != nil {
		return err
	}
	serving := parse(secret.Data[corev1.TLSCertKey])
	data := maps.Clone(secret.Data)
	if r.needsServing(serving, a) {
		names := cert.AltNames{DNSNames: r.names()}
		pair, err := a.current.Server(names, r.Clock.Now(), servingLifetime)
		if err != nil {
			return err
		}
		data = map[string][]byte{corev1.TLSCertKey: pair.Cert, corev1.TLSPrivateKeyKey: pair.Key}
		serving = parse(pair.Cert)
	}
	// For clients that come past the aggregator.
	data[corev1.ServiceAccountRootCAKey] = a.bundle()
	if err := r.write(ctx, secret, data); err != nil {
		return err
	}
	expiration.WithLabelValues("serving").Set(float64(serving.NotAfter.Unix()))
	return nil
}

func (r *Rotator) needsServing(serving *x509.Certificate, a *authorities) bool {
	now := r.Clock.Now()
	if serving == nil || now.After(serving.NotAfter) || serving.VerifyHostname(r.names()[0]) != nil {
		return true
	}
	signedBy := func(authority *x509.Certificate) bool { return serving.CheckSignatureFrom(authority) == nil }
	switch current := a.current.Certificate(); {
	case signedBy(current):
		return due(serving, now)
	case slices.ContainsFunc(a.trusted, signedBy):
		return now.After(current.NotBefore.Add(pki.Skew + overlap))
	default:
		return true
	}
}

// names of the Service; the aggregator asks for the first.
func (r *Rotator) names() []string {
	return []string{service + "." + r.Namespace + ".svc", service + "." + r.Namespace, service}
}

// due says whether two thirds of the certificate's life have passed.
func due(c *x509.Certificate, now time.Time) bool {
	return now.After(c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 3 * 2))
}

// parse returns the first certificate, or nil if there is none.
func parse(content []byte) *x509.Certificate {
	certs, err := cert.ParseCertsPEM(content)
	if err != nil {
		return nil
	}
	return certs[0]
}

// secret reads the Secret; one that is not there is empty and has no version.
func (r *Rotator) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: name}, Type: corev1.SecretTypeTLS}, nil
	}
	return secret, err
}

// write stores the data unless it is stored already or somebody else has written.
func (r *Rotator) write(ctx context.Context, secret *corev1.Secret, data map[string][]byte) error {
	if maps.EqualFunc(secret.Data, data, slices.Equal) {
		return nil
	}
	before := secret.DeepCopy()
	secret.Data = data
	if before.ResourceVersion == "" {
		return r.Client.Create(ctx, secret)
	}
	return r.Client.Patch(ctx, secret, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}
