// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package faulttest makes the emulated cloud of a test fail.
package faulttest

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/castai/omni/test/emulator/emulatortest"
	"github.com/castai/omni/test/emulator/fault"
)

// path is the place of the rules.
const path = "faults"

// Inject adds a fault to the cloud at an endpoint. All faults end with the test.
func Inject(t testing.TB, endpoint string, rule fault.Rule) {
	t.Helper()
	emulatortest.Add(t, endpoint, path, rule)
}

// Clear ends all faults.
func Clear(t testing.TB, endpoint string) {
	t.Helper()
	emulatortest.Do(t, http.MethodDelete, endpoint, path, nil)
}

// Left are the faults that are not used up.
func Left(t testing.TB, endpoint string) []fault.Rule {
	t.Helper()
	var answer struct{ Faults []fault.Rule }
	if err := json.Unmarshal(emulatortest.Do(t, http.MethodGet, endpoint, path, nil), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Faults
}
