// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package emulatortest tells the emulated cloud of a test what no cloud can be told,
// under /_emulator/: to fail, to change a price, to take a machine back.
package emulatortest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Do sends a request to the emulator at an endpoint and returns the answer. The path
// is what follows /_emulator/; a nil body sends none.
func Do(t testing.TB, method, endpoint, path string, body any) []byte {
	t.Helper()
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	// Not the test's context: it is over when cleanups run.
	request, err := http.NewRequestWithContext(context.Background(), method, endpoint+"/_emulator/"+path, bytes.NewReader(content))
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
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer
}

// Add adds to what is set under a path, such as prices; with the test all of it ends.
func Add(t testing.TB, endpoint, path string, body any) {
	t.Helper()
	Do(t, http.MethodPost, endpoint, path, body)
	t.Cleanup(func() { Do(t, http.MethodDelete, endpoint, path, nil) })
}
