// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

// TestTeamsAreApart: a team gets 403 for whatever it asks of another's namespace,
// whether it exists or not.
func TestTeamsAreApart(t *testing.T) {
	newLocation(t, "apart")
	for _, test := range []struct {
		who    string
		client *versioned.Clientset
		where  string
	}{
		{"team B of team A", lab.teamB, teamA},
		{"team A of team B", lab.teamA, teamB},
	} {
		t.Run(test.who, func(t *testing.T) {
			for _, r := range allRequests(test.where, "apart") {
				if err := r.do(t.Context(), test.client); !apierrors.IsForbidden(err) {
					t.Errorf("%s: %v, want 403", r, err)
				}
			}
			// Nor by way of all namespaces.
			for _, resource := range []string{"edgelocations", "nodetemplates", "edges"} {
				r := apiRequest{http.MethodGet, "/" + resource}
				if err := r.do(t.Context(), test.client); !apierrors.IsForbidden(err) {
					t.Errorf("%s: %v, want 403", r, err)
				}
			}
		})
	}
	// The same requests do get through to those who may: else the above is void.
	for _, sub := range []string{"", "/status", "/onboard-script"} {
		r := apiRequest{http.MethodGet, "/namespaces/" + teamA + "/edgelocations/apart" + sub}
		if err := r.do(t.Context(), lab.teamA); err != nil {
			t.Errorf("%s as team A: %v", r, err)
		}
	}
}

type apiRequest struct{ verb, path string }

func (r apiRequest) String() string { return r.verb + " " + r.path }

func (r apiRequest) do(ctx context.Context, client *versioned.Clientset) error {
	// A watch that is let in would not end.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request := client.OmniV1beta1().RESTClient().Verb(r.verb).
		RequestURI("/apis/" + v1beta1.SchemeGroupVersion.String() + r.path)
	switch r.verb {
	case http.MethodPatch:
		request = request.SetHeader("Content-Type", string(types.MergePatchType)).Body([]byte("{}"))
	case http.MethodPost, http.MethodPut:
		request = request.SetHeader("Content-Type", "application/json").Body([]byte("{}"))
	}
	return request.Do(ctx).Error()
}

// allRequests is every verb on every resource and subresource of a namespace.
func allRequests(namespace, name string) []apiRequest {
	var all []apiRequest
	base := "/namespaces/" + namespace
	for resource, subresources := range map[string]map[string][]string{
		"edgelocations": {
			"status":         {http.MethodGet, http.MethodPut, http.MethodPatch},
			"onboard-script": {http.MethodGet, http.MethodPost},
			"onboarding":     {http.MethodPost},
		},
		"nodetemplates": {
			"status":    {http.MethodGet, http.MethodPut, http.MethodPatch},
			"instances": {http.MethodGet},
		},
		"edges": {"status": {http.MethodGet, http.MethodPut, http.MethodPatch}, "join-command": {http.MethodPost}},
	} {
		collection := fmt.Sprintf("%s/%s", base, resource)
		all = append(all,
			apiRequest{http.MethodGet, collection}, apiRequest{http.MethodGet, collection + "?watch=true"},
			apiRequest{http.MethodPost, collection}, apiRequest{http.MethodDelete, collection})
		object := collection + "/" + name
		for _, verb := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			all = append(all, apiRequest{verb, object})
		}
		for sub, verbs := range subresources {
			for _, verb := range verbs {
				all = append(all, apiRequest{verb, object + "/" + sub})
			}
		}
	}
	return all
}
