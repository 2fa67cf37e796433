// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"
)

// A server that says it is ready before its watch caches are filled lets the
// first LISTs wait for them.
func TestReadyWaitsForTheCaches(t *testing.T) {
	s := newServer(t)
	answer := s.do("admin", http.MethodGet, "/readyz?verbose", nil, nil)
	if !strings.Contains(answer.body, "[+]poststarthook/storage-readiness ok") {
		t.Errorf("GET /readyz?verbose: %d %s", answer.code, answer.body)
	}
}
