// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// testJoinCommand: a token is for who may mint one, of an edge that exists, by
// create only; without omni-controller the answer is how to set it up.
func testJoinCommand(t *testing.T, s *testServer) {
	if _, err := s.client().OmniV1beta1().Edges(namespace).Create(context.Background(), newEdge("joining", "aws"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	at, body := path("edges", "joining", "join-command"), encode(t, &v1beta1.JoinCommand{})
	for user, want := range map[string]struct {
		code int
		text string
	}{
		"onboarder": {http.StatusServiceUnavailable, "--controller-url"},
		"editor":    {http.StatusForbidden, "join-command"},
		"viewer":    {http.StatusForbidden, "join-command"},
		"":          {http.StatusForbidden, "join-command"},
	} {
		if answer := s.do(user, http.MethodPost, at, nil, body); answer.code != want.code || !strings.Contains(answer.body, want.text) {
			t.Errorf("%q: %d %s, want %d with %q", user, answer.code, answer.body, want.code, want.text)
		}
	}
	if answer := s.do("onboarder", http.MethodPost, path("edges", "missing", "join-command"), nil, body); answer.code != http.StatusNotFound {
		t.Errorf("missing edge: %d %s, want 404", answer.code, answer.body)
	}
	if answer := s.do("admin", http.MethodGet, at, nil, nil); answer.code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d %s, want 405", answer.code, answer.body)
	}
}
