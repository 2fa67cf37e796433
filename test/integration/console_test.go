// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testConsoleOutput: without omni-controller the answer is how to set it up, to who
// may ask, of an edge that exists.
func testConsoleOutput(t *testing.T, s *testServer) {
	if _, err := s.client().OmniV1beta1().Edges(namespace).Create(context.Background(), newEdge("console", "aws"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	at := path("edges", "console", "console-output")
	if answer := s.do("viewer", http.MethodGet, at, map[string]string{"Accept": "text/plain"}, nil); answer.code != http.StatusServiceUnavailable || !strings.Contains(answer.body, "--controller-url") {
		t.Errorf("%d %s, want 503 with the remedy", answer.code, answer.body)
	}
	if answer := s.do("viewer", http.MethodGet, path("edges", "missing", "console-output"), nil, nil); answer.code != http.StatusNotFound {
		t.Errorf("missing edge: %d, want 404", answer.code)
	}
	if answer := s.do("", http.MethodGet, at, nil, nil); answer.code != http.StatusForbidden {
		t.Errorf("a stranger: %d, want 403", answer.code)
	}
	for _, query := range []string{"tailLines=-1", "tailLines=many", "follow=true"} {
		name, _, _ := strings.Cut(query, "=")
		if answer := s.do("viewer", http.MethodGet, at+"?"+query, nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, name) {
			t.Errorf("%s: %d %s, want 400 that names the parameter", query, answer.code, answer.body)
		}
	}
}
