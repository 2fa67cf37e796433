// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// raw sends a request that the SDK's types would not let through, signed by its
// signer, and returns the status and the code of the answer.
func (w *world) raw(t *testing.T, method, path, body string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.Endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("Content-Type", "application/json")
	if err := common.DefaultRequestSigner(w.Signer()).Sign(r); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Code string }
	if res.StatusCode >= http.StatusBadRequest {
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode, answer.Code
}

func TestSignature(t *testing.T) {
	w := newWorld(t)
	const list, create = "/20160918/vcns?compartmentId=" + ocitest.CompartmentID, "/20160918/vcns"
	const vcn = `{"compartmentId":"` + ocitest.CompartmentID + `","cidrBlocks":["10.9.0.0/16"]}`
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		change             func(*http.Request)
	}{
		"signed list":   {"GET", list, "", 200, nil},
		"signed create": {"POST", create, vcn, 200, nil},
		"not signed":    {"GET", list, "", 401, func(r *http.Request) { r.Header.Del("Authorization") }},
		"other path":    {"GET", list, "", 401, func(r *http.Request) { r.URL.RawQuery += "&limit=1" }},
		"other body": {"POST", create, vcn, 401, func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader([]byte(strings.Replace(vcn, "10.9", "10.8", 1))))
		}},
		"other date": {"GET", list, "", 401, func(r *http.Request) {
			r.Header.Set("Date", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		}},
		"unknown key": {"GET", list, "", 401, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ocitest.UserID, "ocid1.user.oc1..other", 1))
		}},
		"body not signed": {"POST", create, vcn, 401, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), " x-content-sha256", "", 1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if status, code := w.raw(t, tc.method, tc.path, tc.body, tc.change); status != tc.status || status == 401 && code != "NotAuthenticated" {
				t.Errorf("got %d %s, want %d", status, code, tc.status)
			}
		})
	}
	t.Run("clock skew", func(t *testing.T) {
		w.clock.Step(5*time.Minute + 10*time.Second)
		if status, code := w.raw(t, "GET", list, "", nil); status != 401 || code != "NotAuthenticated" {
			t.Errorf("got %d %s", status, code)
		}
	})
}

func TestValidation(t *testing.T) {
	w := newWorld(t)
	const compartment = `"compartmentId":"` + ocitest.CompartmentID + `"`
	const list = "/20160918/instances?compartmentId=" + ocitest.CompartmentID
	const launch = `{` + compartment + `,"availabilityDomain":"` + ocitest.Domain + `","shape":"VM.GPU.A10.1"`
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"no such operation":      {"GET", "/20160918/spaceships", "", 404, "NotFound"},
		"not emulated":           {"GET", "/20160918/cpes?compartmentId=" + ocitest.CompartmentID, "", 501, "MethodNotImplemented"},
		"missing parameter":      {"GET", "/20160918/instances", "", 400, "MissingParameter"},
		"unknown parameter":      {"GET", list + "&colour=red", "", 400, "InvalidParameter"},
		"enum in the query":      {"GET", list + "&lifecycleState=HAPPY", "", 400, "InvalidParameter"},
		"number in the query":    {"GET", list + "&limit=many", "", 400, "InvalidParameter"},
		"no such page":           {"GET", list + "&page=9", "", 400, "InvalidParameter"},
		"unknown compartment":    {"GET", "/20160918/instances?compartmentId=ocid1.compartment.oc1..no", "", 404, "NotAuthorizedOrNotFound"},
		"no OCID in the path":    {"GET", "/20160918/instances/i-123", "", 404, "InvalidParameter"},
		"no body":                {"POST", "/20160918/vcns", "", 400, "MissingParameter"},
		"no JSON":                {"POST", "/20160918/vcns", "{", 400, "CannotParseRequest"},
		"wrong type":             {"POST", "/20160918/vcns", `{` + compartment + `,"cidrBlocks":"10.0.0.0/16"}`, 400, "CannotParseRequest"},
		"missing field":          {"POST", "/20160918/instances", `{` + compartment + `}`, 400, "MissingParameter"},
		"unknown field":          {"POST", "/20160918/vcns", `{` + compartment + `,"colour":"red"}`, 400, "InvalidParameter"},
		"case of a field":        {"POST", "/20160918/vcns", `{` + compartment + `,"CidrBlock":"10.0.0.0/16"}`, 400, "InvalidParameter"},
		"nested unknown field":   {"POST", "/20160918/instances", launch + `,"createVnicDetails":{"colour":"red"}}`, 400, "InvalidParameter"},
		"nested missing field":   {"POST", "/20160918/instances", launch + `,"preemptibleInstanceConfig":{}}`, 400, "MissingParameter"},
		"unknown kind of source": {"POST", "/20160918/instances", launch + `,"sourceDetails":{"sourceType":"tape"}}`, 400, "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, code := w.raw(t, tc.method, tc.path, tc.body, nil); status != tc.status || code != tc.code {
				t.Errorf("got %d %s, want %d %s", status, code, tc.status, tc.code)
			}
		})
	}
}
