// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package join_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cmd/join"
)

// server is an omni-apiserver with one location, and a controller behind it that
// sees every Edge at once.
type server struct {
	provider v1beta1.CloudProvider
	// refusal of the join command; nil: it is given.
	refusal *apierrors.StatusError

	mu    sync.Mutex
	edges map[string]*v1beta1.Edge
}

const base = "/apis/omni.cast.ai/v1beta1/namespaces/team-a/"

func (s *server) start(t *testing.T) string {
	t.Helper()
	s.edges = map[string]*v1beta1.Edge{}
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(*http.Request) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			body := answer(r)
			w.Header().Set("Content-Type", "application/json")
			if err, ok := body.(*apierrors.StatusError); ok {
				w.WriteHeader(int(err.ErrStatus.Code))
				status := err.Status()
				status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
				body = status
			}
			if err := json.NewEncoder(w).Encode(body); err != nil {
				t.Error(err)
			}
			if r.URL.Query().Get("watch") != "" {
				w.(http.Flusher).Flush()
			}
		})
	}
	handle("GET "+base+"edgelocations/berlin", func(*http.Request) any {
		return &v1beta1.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Name: "berlin"}, Spec: v1beta1.EdgeLocationSpec{Provider: s.provider}}
	})
	handle("POST "+base+"edges", func(r *http.Request) any {
		edge := &v1beta1.Edge{}
		if err := json.NewDecoder(r.Body).Decode(edge); err != nil {
			t.Error(err)
		}
		edge.Name, edge.UID = edge.GenerateName+"x7k2p", "uid-1"
		s.edges[edge.Name] = edge
		return edge
	})
	handle("GET "+base+"edges", func(r *http.Request) any {
		name, _ := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "metadata.name=")
		edge := s.edges[name].DeepCopy()
		edge.Status.NodeName = "cast-uid-1"
		edge.TypeMeta = metav1.TypeMeta{APIVersion: "omni.cast.ai/v1beta1", Kind: "Edge"}
		return map[string]any{"type": "ADDED", "object": edge}
	})
	handle("GET "+base+"edges/{name}", func(r *http.Request) any {
		if edge := s.edges[r.PathValue("name")]; edge != nil {
			return edge
		}
		return apierrors.NewNotFound(v1beta1.Resource("edges"), r.PathValue("name"))
	})
	handle("DELETE "+base+"edges/{name}", func(r *http.Request) any {
		delete(s.edges, r.PathValue("name"))
		return &metav1.Status{Status: metav1.StatusSuccess}
	})
	handle("POST "+base+"edges/{name}/join-command", func(*http.Request) any {
		if s.refusal != nil {
			return s.refusal
		}
		return &v1beta1.JoinCommand{
			TypeMeta: metav1.TypeMeta{APIVersion: "omni.cast.ai/v1beta1", Kind: "JoinCommand"},
			Status:   v1beta1.JoinCommandStatus{Script: "#!/usr/bin/env bash\necho joined\n"},
		}
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return web.URL
}

func run(t *testing.T, url string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(true)
	namespace, none := "team-a", "/dev/null"
	flags.APIServer, flags.Namespace, flags.KubeConfig = &url, &namespace, &none
	streams, _, out, errs := genericiooptions.NewTestIOStreams()
	cmd := join.New(flags, streams)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), errs.String(), err
}

func TestJoin(t *testing.T) {
	s := &server{provider: v1beta1.ProviderCustom}
	url := s.start(t)
	stdout, stderr, err := run(t, url, "berlin", "--labels", "disk=ssd", "--zone", "rack-4")
	if err != nil || stdout != "#!/usr/bin/env bash\necho joined\n" || !strings.Contains(stderr, "berlin-x7k2p") {
		t.Fatalf("%q, %q, %v", stdout, stderr, err)
	}
	spec := s.edges["berlin-x7k2p"].Spec
	if spec.EdgeLocationName != "berlin" || spec.InstanceType != "custom" || spec.Zone != "rack-4" || spec.Labels["disk"] != "ssd" {
		t.Errorf("made %+v", spec)
	}
	if stdout, _, err := run(t, url, "berlin", "--edge", "berlin-x7k2p"); err != nil || !strings.HasPrefix(stdout, "#!") || len(s.edges) != 1 {
		t.Errorf("again: %q, %v, %d edges", stdout, err, len(s.edges))
	}
	s.edges["elsewhere"] = &v1beta1.Edge{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}, Spec: v1beta1.EdgeSpec{EdgeLocationName: "oregon"}}
	for edge, want := range map[string]string{"elsewhere": "is of the location oregon", "missing": "not found"} {
		if stdout, _, err := run(t, url, "berlin", "--edge", edge); err == nil || !strings.Contains(err.Error(), want) || stdout != "" {
			t.Errorf("%s: %q, %v", edge, stdout, err)
		}
	}
}

// What fails leaves no Edge behind that this command has made.
func TestJoinFails(t *testing.T) {
	for name, test := range map[string]struct {
		server *server
		want   string
	}{
		"a cloud":    {&server{provider: v1beta1.ProviderAWS}, "berlin is in AWS"},
		"no right":   {&server{provider: v1beta1.ProviderCustom, refusal: apierrors.NewForbidden(v1beta1.Resource("edges"), "e", nil)}, "forbidden"},
		"no cluster": {&server{provider: v1beta1.ProviderCustom, refusal: apierrors.NewServiceUnavailable("no route to host")}, "no route to host"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, _, err := run(t, test.server.start(t), "berlin")
			if err == nil || !strings.Contains(err.Error(), test.want) || stdout != "" {
				t.Errorf("%q, %v, want an error with %q", stdout, err, test.want)
			}
			if len(test.server.edges) != 0 {
				t.Errorf("%d edges are left", len(test.server.edges))
			}
		})
	}
}
