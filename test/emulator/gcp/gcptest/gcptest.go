// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package gcptest starts the emulated Google Cloud of a test.
package gcptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	emulator "github.com/castai/omni/test/emulator/gcp"
)

// What the emulated cloud of a test has.
const (
	Project       = "omni-test"
	ProjectNumber = "123456789012"
	Region        = "us-central1"
	Zone          = "us-central1-a"
	// Token of the project's owner.
	Token = "owner-of-omni-test"
)

// step is short: a machine runs after two of them.
const step = 20 * time.Millisecond

// documents are read once: 7 MB of JSON.
var documents = sync.OnceValues(func() (*emulator.API, error) {
	directory, err := emulator.FindAPI(context.Background())
	if err != nil {
		return nil, err
	}
	return emulator.LoadAPI(directory)
})

// Start starts an emulator on a free port of 127.0.0.1 and returns its URL. It ends
// with the test.
func Start(t testing.TB) string { return StartWithClock(t, clock.RealClock{}, step) }

// StartWithClock starts an emulator whose time is the test's.
func StartWithClock(t testing.TB, clk clock.Clock, step time.Duration) string {
	t.Helper()
	api, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	server.Config.Handler = emulator.New(emulator.Options{
		API: api, BaseURL: url, Project: Project, ProjectNumber: ProjectNumber, Step: step, Clock: clk,
	})
	server.Start()
	t.Cleanup(server.Close)
	return url
}

// Do sends a request as the project's owner and fails the test unless it succeeds.
// A nil body sends none. It returns the answer.
func Do(t testing.TB, method, url string, body any) map[string]any {
	t.Helper()
	status, answer := Try(t, method, url, body)
	if status >= 300 {
		t.Fatalf("%s %s: %d %v", method, url, status, answer)
	}
	return answer
}

// Try sends a request as the project's owner and returns the status and the answer.
func Try(t testing.TB, method, url string, body any) (int, map[string]any) {
	t.Helper()
	return TryAs(t, Token, method, url, body)
}

// TryAs sends a request with an access token and returns the status and the answer.
func TryAs(t testing.TB, token, method, url string, body any) (int, map[string]any) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	// Not the test's context: it is over when cleanups run.
	request, err := http.NewRequestWithContext(context.Background(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, answer
}

// Network makes a network and a subnetwork named edges in Region.
func Network(t testing.TB, url string) {
	t.Helper()
	compute := url + "/compute/v1/projects/" + Project
	Do(t, http.MethodPost, compute+"/global/networks", map[string]any{"name": "edges", "autoCreateSubnetworks": false})
	Do(t, http.MethodPost, compute+"/regions/"+Region+"/subnetworks", map[string]any{
		"name": "edges", "network": "global/networks/edges", "ipCidrRange": "10.0.0.0/20",
	})
}
