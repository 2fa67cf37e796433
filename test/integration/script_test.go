// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func testOnboardScript(t *testing.T, s *testServer) {
	s.createLocation(t, "script")
	at := path("edgelocations", "script", "onboard-script")
	var script string
	for _, accept := range []string{"*/*", "application/json", "text/x-shellscript", "text/plain", "application/json, text/x-shellscript;q=0.9"} {
		answer := s.do("viewer", http.MethodGet, at, map[string]string{"Accept": accept}, nil)
		if answer.code != http.StatusOK || answer.header.Get("Content-Type") != "text/x-shellscript; charset=utf-8" {
			t.Fatalf("Accept %s: %d %s", accept, answer.code, answer.header.Get("Content-Type"))
		}
		if script != "" && script != answer.body {
			t.Error("two GETs differ")
		}
		script = answer.body
	}
	if !strings.HasPrefix(script, "#!") || !strings.Contains(script, path("edgelocations", "script", "onboarding")) {
		t.Errorf("not a script that posts to the onboarding endpoint: %s", script)
	}
	if registration := s.location(t, "script").Status.Registration; registration != nil {
		t.Errorf("GET minted a token: %+v", registration)
	}
	if answer := s.do("viewer", http.MethodGet, at+"?vpcCIDR=10.99.0.0/16", nil, nil); !strings.Contains(answer.body, "10.99.0.0/16") {
		t.Error("the script does not use vpcCIDR")
	}
	for query, want := range map[string]string{"?vpcCIDR=8.8.8.0/24": "vpcCIDR", "?vpcCIDR=$(id)": "vpcCIDR", "?vpccidr=10.0.0.0/16": "vpccidr", "?token=1": "token"} {
		if answer := s.do("viewer", http.MethodGet, at+query, nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, want) {
			t.Errorf("%s: %d %s, want 400 that names the parameter", query, answer.code, answer.body)
		}
	}
	if answer := s.do("viewer", http.MethodGet, path("edgelocations", "missing", "onboard-script"), nil, nil); answer.code != http.StatusNotFound {
		t.Errorf("missing location: %d, want 404", answer.code)
	}
}

func testOffboardScript(t *testing.T, s *testServer) {
	s.createLocation(t, "offboard")
	at := path("edgelocations", "offboard", "offboard-script")
	for _, accept := range []string{"*/*", "application/json", "text/x-shellscript", "text/plain"} {
		answer := s.do("viewer", http.MethodGet, at, map[string]string{"Accept": accept}, nil)
		if answer.code != http.StatusOK || answer.header.Get("Content-Type") != "text/x-shellscript; charset=utf-8" {
			t.Fatalf("Accept %s: %d %s", accept, answer.code, answer.header.Get("Content-Type"))
		}
	}
	if answer := s.onboard(t, "onboarder", "offboard", "", newAWS()); answer.code != http.StatusCreated {
		t.Fatal(answer.code, answer.body)
	}
	script := s.do("onboarder", http.MethodGet, at, nil, nil).body
	for _, want := range []string{"#!/usr/bin/env bash", "REGISTERED_VPC='" + newAWS().VPCID + "'", "LOCATION='offboard'"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script has no %s", want)
		}
	}
	if answer := s.do("viewer", http.MethodGet, at+"?force=true", nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, "force") {
		t.Errorf("unknown parameter: %d %s, want 400", answer.code, answer.body)
	}
	for user, code := range map[string]int{"": http.StatusForbidden, "editor": http.StatusOK} {
		if answer := s.do(user, http.MethodGet, at, nil, nil); answer.code != code {
			t.Errorf("as %q: %d, want %d", user, answer.code, code)
		}
	}
	if answer := s.do("viewer", http.MethodGet, path("edgelocations", "missing", "offboard-script"), nil, nil); answer.code != http.StatusNotFound || !strings.Contains(answer.body, "NotFound") {
		t.Errorf("missing location: %d %s, want 404", answer.code, answer.body)
	}
}

// testTextHeaders: a script has a strong ETag, and no cache keeps a token.
func testTextHeaders(t *testing.T, s *testServer) {
	s.createLocation(t, "headers")
	for _, name := range []string{"onboard-script", "offboard-script"} {
		at := path("edgelocations", "headers", name)
		first := s.do("viewer", http.MethodGet, at, nil, nil)
		etag := first.header.Get("ETag")
		if sum := sha256.Sum256([]byte(first.body)); etag != fmt.Sprintf("%q", hex.EncodeToString(sum[:])) {
			t.Errorf("%s: ETag %s is not the digest of the script", name, etag)
		}
		if cache := first.header.Get("Cache-Control"); !strings.Contains(cache, "private") {
			t.Errorf("%s: Cache-Control %q", name, cache)
		}
		for match, code := range map[string]int{etag: http.StatusNotModified, `"x", ` + etag: http.StatusNotModified, "*": http.StatusNotModified, `"x"`: http.StatusOK} {
			answer := s.do("viewer", http.MethodGet, at, map[string]string{"If-None-Match": match}, nil)
			if answer.code != code || (answer.body == "") != (code == http.StatusNotModified) || answer.header.Get("ETag") != etag {
				t.Errorf("%s: If-None-Match %s: %d with %d bytes, want %d", name, match, answer.code, len(answer.body), code)
			}
		}
	}
	etag := s.do("viewer", http.MethodGet, path("edgelocations", "headers", "onboard-script"), nil, nil).header.Get("ETag")
	if answer := s.do("viewer", http.MethodGet, path("edgelocations", "headers", "onboard-script")+"?vpcCIDR=10.9.0.0/16", map[string]string{"If-None-Match": etag}, nil); answer.code != http.StatusOK {
		t.Errorf("another script with the ETag of the first: %d, want 200", answer.code)
	}
	if answer := s.do("", http.MethodGet, path("edgelocations", "headers", "onboard-script"), map[string]string{"If-None-Match": etag}, nil); answer.code != http.StatusForbidden {
		t.Errorf("who may not read it gets %d, want 403", answer.code)
	}
	for _, name := range []string{"onboard-script", "onboarding"} {
		answer := s.do("onboarder", http.MethodPost, path("edgelocations", "headers", name), nil, []byte("{}"))
		if cache := answer.header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("create %s: %d with Cache-Control %q, want no-store", name, answer.code, cache)
		}
	}
}
