// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	restclient "k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func TestOutput(t *testing.T) {
	status := func(err *apierrors.StatusError) string {
		text, _ := json.Marshal(err.ErrStatus)
		return string(text)
	}
	edges := v1beta1.Resource("edges")
	for name, test := range map[string]struct {
		code int
		body string
		// reason and want of the error; empty: none
		reason func(error) bool
		want   string
	}{
		"text":          {code: http.StatusOK, body: "Linux version 6\n"},
		"empty":         {code: http.StatusOK},
		"not found":     {http.StatusNotFound, status(apierrors.NewNotFound(edges, "a")), apierrors.IsNotFound, `"a" not found`},
		"not launched":  {http.StatusConflict, status(apierrors.NewConflict(edges, "a", io.EOF)), apierrors.IsConflict, "EOF"},
		"cloud":         {http.StatusServiceUnavailable, status(apierrors.NewServiceUnavailable("throttled")), apierrors.IsServiceUnavailable, "throttled"},
		"no status":     {http.StatusNotFound, "404 page not found", apierrors.IsServiceUnavailable, "answers with 404"},
		"lying status":  {http.StatusNotFound, `{"status":"Failure","code":409}`, apierrors.IsServiceUnavailable, "answers with 404"},
		"unknown to it": {http.StatusUnauthorized, "Unauthorized", apierrors.IsServiceUnavailable, "/console-output/*"},
		"not let in":    {http.StatusForbidden, "denied", apierrors.IsServiceUnavailable, "/console-output/*"},
		"broken":        {http.StatusInternalServerError, "panic", apierrors.IsServiceUnavailable, "look into its log"},
		"elsewhere":     {http.StatusTeapot, "", apierrors.IsServiceUnavailable, "418"},
	} {
		t.Run(name, func(t *testing.T) {
			controller := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path != "/console-output/team-a/edge-1" || req.Header.Get("Authorization") != "Bearer token-1" {
					t.Errorf("asked for %s as %q", req.URL.Path, req.Header.Get("Authorization"))
				}
				w.WriteHeader(test.code)
				io.WriteString(w, test.body)
			}))
			defer controller.Close()
			output, err := client(t, controller).Output(t.Context(), "team-a", "edge-1")
			if test.reason == nil && (err != nil || output != test.body) {
				t.Errorf("%q, %v", output, err)
			}
			if test.reason != nil && (!test.reason(err) || !strings.Contains(err.Error(), test.want) || output != "") {
				t.Errorf("%q, %v, want an error with %q", output, err, test.want)
			}
		})
	}
}

// TestJoinCommand: what could not be understood is not repeated, for a token may be
// in it.
func TestJoinCommand(t *testing.T) {
	for name, test := range map[string]struct {
		code int
		body string
		want string // of the error; empty: none
	}{
		"script":     {http.StatusOK, `{"script":"#!/bin/bash","expirationTime":"2026-01-02T03:04:05Z"}`, ""},
		"no JSON":    {http.StatusOK, "s3cr3t", "update it"},
		"joined":     {http.StatusConflict, `{"kind":"Status","status":"Failure","code":409,"message":"joined already"}`, "joined already"},
		"not let in": {http.StatusForbidden, "denied", "post on the nonResourceURL /join-command/*"},
	} {
		t.Run(name, func(t *testing.T) {
			controller := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.Method != http.MethodPost || req.URL.Path != "/join-command/team-a/edge-1" {
					t.Errorf("asked for %s %s", req.Method, req.URL.Path)
				}
				w.WriteHeader(test.code)
				io.WriteString(w, test.body)
			}))
			defer controller.Close()
			got, err := client(t, controller).JoinCommand(t.Context(), "team-a", "edge-1")
			if test.want == "" && (err != nil || got.Script != "#!/bin/bash" || got.ExpirationTime.Year() != 2026) {
				t.Errorf("%+v, %v", got, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestTrust: nothing is said to a server that is not the controller.
func TestTrust(t *testing.T) {
	controller := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was sent") }))
	defer controller.Close()
	at, err := url.Parse(controller.URL)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := New(at, "", &restclient.Config{BearerToken: "token-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Output(t.Context(), "team-a", "edge-1"); !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown authority: %v", err)
	}
	for name, main := range map[string]*restclient.Config{"no main cluster": nil, "no token": {Username: "a", Password: "b"}} {
		if _, err := New(at, "", main); err == nil || !strings.Contains(err.Error(), "bearer token") {
			t.Errorf("%s: %v, want an error about the token", name, err)
		}
	}
	if _, err := New(at, "missing.crt", &restclient.Config{BearerToken: "token-1"}); err == nil || !strings.Contains(err.Error(), "missing.crt") {
		t.Errorf("no CA file: %v", err)
	}
	controller.Close()
	if _, err := client(t, controller).Output(t.Context(), "team-a", "edge-1"); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("controller is down: %v, want 503", err)
	}
}

func client(t *testing.T, controller *httptest.Server) *Client {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.crt")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: controller.Certificate().Raw})
	if err := os.WriteFile(ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(controller.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(at, ca, &restclient.Config{BearerToken: "token-1"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
