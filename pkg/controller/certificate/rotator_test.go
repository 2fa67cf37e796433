// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/cert"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

var (
	start      = time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)
	errBroken  = errors.New("broken")
	apiService = schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}
)

type harness struct {
	*Rotator
	t     *testing.T
	clock *testingclock.FakePassiveClock
	// fails is the name of the object that cannot be written.
	fails string
	// unreadable says that nothing can be read.
	unreadable bool
	// writes counts them.
	writes int
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{t: t, clock: testingclock.NewFakePassiveClock(start)}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"group": "omni.cast.ai"}}}
	object.SetGroupVersionKind(apiService)
	object.SetName("v1beta1.omni.cast.ai")
	write := func(o client.Object) error {
		h.writes++
		if h.fails == o.GetName() {
			return errBroken
		}
		return nil
	}
	funcs := interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if h.unreadable {
				return errBroken
			}
			return c.Get(ctx, key, o, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := write(o); err != nil {
				return err
			}
			return c.Create(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := write(o); err != nil {
				return err
			}
			return c.Patch(ctx, o, p, opts...)
		},
	}
	h.Rotator = &Rotator{
		Client:    fake.NewClientBuilder().WithObjects(object).WithInterceptorFuncs(funcs).Build(),
		Namespace: "omni-system", Versions: []string{"v1beta1", "v1"}, Clock: h.clock,
	}
	return h
}

func (h *harness) rotate() {
	h.t.Helper()
	if err := h.Rotate(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// bundle is what the aggregator trusts.
func (h *harness) bundle() *x509.CertPool {
	h.t.Helper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(apiService)
	if err := h.Client.Get(h.t.Context(), client.ObjectKey{Name: "v1beta1.omni.cast.ai"}, object); err != nil {
		h.t.Fatal(err)
	}
	encoded, _, _ := unstructured.NestedString(object.Object, "spec", "caBundle")
	pem, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		h.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

// serving is what omni-apiserver serves.
func (h *harness) serving() *x509.Certificate {
	h.t.Helper()
	secret := &corev1.Secret{}
	if err := h.Client.Get(h.t.Context(), client.ObjectKey{Namespace: "omni-system", Name: "omni-apiserver-tls"}, secret); err != nil {
		h.t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"]); err != nil {
		h.t.Fatal(err)
	}
	certs, err := cert.ParseCertsPEM(secret.Data["tls.crt"])
	if err != nil {
		h.t.Fatal(err)
	}
	return certs[0]
}

func (h *harness) verify(what string, c *x509.Certificate, roots *x509.CertPool) {
	h.t.Helper()
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: "omni-apiserver.omni-system.svc", CurrentTime: h.clock.Now()})
	if err != nil {
		h.t.Fatalf("%s, %s: %v", h.clock.Now().Format(time.DateOnly), what, err)
	}
}

// TestThreeYears walks through three years. At any time the aggregator, or the
// server, may be one step behind.
func TestThreeYears(t *testing.T) {
	h := newHarness(t)
	h.rotate()
	certificates, bundles := 1, 1
	for step := time.Duration(0); h.clock.Now().Before(start.AddDate(3, 0, 0)); {
		bundle, serving := h.bundle(), h.serving()
		h.clock.SetTime(h.clock.Now().Add(step))
		h.rotate()
		newBundle, newServing := h.bundle(), h.serving()
		h.verify("the new certificate by the new bundle", newServing, newBundle)
		h.verify("the old certificate by the new bundle", serving, newBundle)
		h.verify("the new certificate by the old bundle", newServing, bundle)
		if left := newServing.NotAfter.Sub(h.clock.Now()); left < servingLifetime/4 {
			t.Fatalf("%s: the certificate has %s left", h.clock.Now(), left)
		}
		step = 48 * time.Hour
		if !newBundle.Equal(bundle) {
			bundles++
			step = overlap / 2 // look closely at what follows
		}
		if !newServing.Equal(serving) {
			certificates++
		}
	}
	if bundles < 4 || certificates < 15 {
		t.Errorf("%d authorities and %d certificates in three years", bundles, certificates)
	}
}

func TestCrashes(t *testing.T) {
	// Each write in turn fails, at the start and when a new authority is due.
	for _, name := range []string{"omni-apiserver-ca", "v1beta1.omni.cast.ai", "omni-apiserver-tls"} {
		h := newHarness(t)
		for _, at := range []time.Duration{0, authorityLifetime * 3 / 4} {
			h.clock.SetTime(start.Add(at))
			h.fails = name
			if err := h.Rotate(t.Context()); !errors.Is(err, errBroken) {
				t.Errorf("%s cannot be written: %v", name, err)
			}
			h.fails = ""
			h.rotate()
			h.verify("after a crash at "+name, h.serving(), h.bundle())
		}
	}
}

// TestTheUnknown: a Secret that cannot be read is not replaced.
func TestTheUnknown(t *testing.T) {
	h := newHarness(t)
	h.rotate()
	serving := h.serving()
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: "omni-system", Name: "omni-apiserver-ca"}
	if err := h.Client.Get(t.Context(), key, secret); err != nil {
		t.Fatal(err)
	}
	whole := secret.Data["tls.key"]
	secret.Data["tls.key"] = []byte("no key")
	if err := h.Client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if err := h.Rotate(t.Context()); err == nil || !strings.Contains(err.Error(), "omni-system/omni-apiserver-ca") {
		t.Errorf("%v, want an error that names the Secret", err)
	}
	secret.Data["tls.key"] = whole
	if err := h.Client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	h.unreadable = true
	if err := h.Rotate(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("%v, want %v", err, errBroken)
	}
	h.unreadable = false
	h.rotate()
	if !h.serving().Equal(serving) {
		t.Error("the certificate was replaced")
	}
}

func TestNothingIsDue(t *testing.T) {
	h := newHarness(t)
	h.rotate()
	h.writes = 0
	h.clock.SetTime(start.Add(time.Hour))
	if err := h.Rotate(t.Context()); err != nil || h.writes != 0 {
		t.Errorf("%d writes although nothing is due (%v)", h.writes, err)
	}
}
