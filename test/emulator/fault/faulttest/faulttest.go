// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package faulttest makes the emulated cloud of a test fail.
package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/castai/omni/test/emulator/fault"
)

// Inject adds a fault to the cloud at an endpoint. All faults end with the test.
func Inject(t testing.TB, endpoint string, rule fault.Rule) {
	t.Helper()
	body, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	do(t, http.MethodPost, endpoint, body)
	t.Cleanup(func() { Clear(t, endpoint) })
}

// Clear ends all faults.
func Clear(t testing.TB, endpoint string) {
	t.Helper()
	do(t, http.MethodDelete, endpoint, nil)
}

// Left are the faults that are not used up.
func Left(t testing.TB, endpoint string) []fault.Rule {
	t.Helper()
	var answer struct{ Faults []fault.Rule }
	if err := json.Unmarshal(do(t, http.MethodGet, endpoint, nil), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Faults
}

func do(t testing.TB, method, endpoint string, body []byte) []byte {
	t.Helper()
	// Not the test's context: it is over when cleanups run.
	request, err := http.NewRequestWithContext(context.Background(), method, endpoint+"/_emulator/faults", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s faults: %s: %s", method, response.Status, answer)
	}
	return answer
}
