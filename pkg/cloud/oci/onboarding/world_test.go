// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// userKey is made once: it takes long.
var userKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// errCut is the end of a run that was interrupted.
var errCut = errors.New("cut off")

// world is an emulated cloud behind TLS whose home is another region, the main
// cluster's Secret, and a line between them and the person that can be cut.
type world struct {
	*ocitest.Cloud
	t        *testing.T
	endpoint func(region string) string
	client   *http.Client

	key        *oci.APIKey
	registered *v1beta1.OCILocation
	stores     int

	// before sees every request of the run.
	before func(*http.Request)
	// calls of the run so far, changes among them, and the call after which the
	// line is cut; 0: never.
	calls, changes, cut int
	progress            bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newSlowWorld(t, 0)
}

// newSlowWorld is a newWorld where parts of a network come and go after a delay.
func newSlowWorld(t *testing.T, delay time.Duration) *world {
	t.Helper()
	w := &world{t: t, Cloud: ocitest.StartAway(t, clock.RealClock{}, delay, 2)}
	away, home := httptest.NewTLSServer(w.Emulator), httptest.NewTLSServer(w.Emulator.Home())
	t.Cleanup(away.Close)
	t.Cleanup(home.Close)
	w.endpoint = func(region string) string {
		if region == ocitest.HomeRegion {
			return home.URL
		}
		return away.URL
	}
	// Both have the same certificate.
	w.client = away.Client()
	return w
}

// Do sends a request and, if the line is cut then, loses the answer.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	if w.before != nil {
		w.before(r)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	if cut := w.call(r.Method != http.MethodGet); cut != nil {
		answer.Body.Close()
		return nil, cut
	}
	return answer, nil
}

func (w *world) call(change bool) error {
	w.calls++
	if change {
		w.changes++
	}
	if w.calls == w.cut {
		return errCut
	}
	return nil
}

// Load, Store and Delete are the Secret.
func (w *world) Load(context.Context) (*oci.APIKey, error) { return w.key, w.call(false) }

func (w *world) Store(_ context.Context, key *oci.APIKey) error {
	w.key = key
	w.stores++
	return w.call(true)
}

func (w *world) Delete(context.Context) error {
	w.key = nil
	return w.call(true)
}

func (w *world) register(_ context.Context, l *v1beta1.OCILocation) error {
	w.registered = l
	return w.call(true)
}

func (w *world) options() onboarding.Options {
	return onboarding.Options{
		ClusterID: "main", Namespace: "team-a", Name: "oci-ashburn", Region: ocitest.Region, CompartmentID: ocitest.CompartmentID,
		Signer: w.Signer(), Keys: w, Register: w.register, Progress: &w.progress,
		HTTP: w, Endpoint: w.endpoint, Interval: time.Millisecond,
		NewKey: userKey,
	}
}

// onboard runs the onboarding, cut off after so many calls.
func (w *world) onboard(cut int, change func(*onboarding.Options)) (*onboarding.Result, error) {
	w.t.Helper()
	w.calls, w.changes, w.cut = 0, 0, cut
	o := w.options()
	if change != nil {
		change(&o)
	}
	return onboarding.Onboard(w.t.Context(), o)
}

func (w *world) mustOnboard(change func(*onboarding.Options)) *onboarding.Result {
	w.t.Helper()
	result, err := w.onboard(0, change)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) offboard(cut int, change func(*onboarding.Options)) (*onboarding.Removal, error) {
	w.t.Helper()
	w.calls, w.changes, w.cut = 0, 0, cut
	o := w.options()
	o.Registered = w.registered
	if change != nil {
		change(&o)
	}
	return onboarding.Offboard(w.t.Context(), o)
}

// location is where the controller buys machines, with the key of the Secret.
func (w *world) location() oci.Location {
	return oci.Location{
		ClusterID: "main", Namespace: "team-a", Name: "oci-ashburn", Region: ocitest.Region,
		TenancyID: w.registered.TenancyID, CompartmentID: w.registered.CompartmentID,
		SubnetIDs: w.registered.SubnetIDs, NSGID: w.registered.NSGID, APIKey: w.key, Endpoint: w.Endpoint,
	}
}

func (w *world) signer() common.ConfigurationProvider {
	return common.NewRawConfigurationProvider(ocitest.TenancyID, w.key.UserID, ocitest.Region, w.key.Fingerprint, w.key.PrivateKey, nil)
}

// administrator writes Identity, in the home region.
func (w *world) administrator() identity.IdentityClient {
	w.t.Helper()
	admin := w.Identity(w.t)
	admin.Host, admin.HTTPClient = w.endpoint(ocitest.HomeRegion), w.client
	return admin
}
