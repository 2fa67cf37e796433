// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// registry is an API server that knows what the scripts ask for. It takes each
// token once.
type registry struct {
	*httptest.Server
	mu   sync.Mutex
	got  []v1beta1.Onboarding
	used map[string]bool
	// edges of the location by name.
	edges []string
	// name of the location, and whether it exists.
	name     string
	location bool
}

const group = "/apis/omni.cast.ai/v1beta1"

func startRegistry(t *testing.T, location string) *registry {
	r := &registry{used: map[string]bool{}, name: location}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+group+"/namespaces/team-a/edgelocations/"+location+"/onboarding", r.create)
	answer := func(path string, object func(*http.Request) any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			body := object(req)
			if status, ok := body.(*metav1.Status); ok {
				w.WriteHeader(int(status.Code))
			}
			if err := json.NewEncoder(w).Encode(body); err != nil {
				t.Error(err)
			}
		})
	}
	version := metav1.GroupVersionForDiscovery{GroupVersion: "omni.cast.ai/v1beta1", Version: "v1beta1"}
	answer("/api", func(*http.Request) any { return metav1.APIVersions{TypeMeta: kind("v1", "APIVersions")} })
	answer("/apis", func(*http.Request) any {
		return metav1.APIGroupList{TypeMeta: kind("v1", "APIGroupList"), Groups: []metav1.APIGroup{
			{Name: "omni.cast.ai", Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version},
		}}
	})
	answer(group, func(*http.Request) any {
		return metav1.APIResourceList{TypeMeta: kind("v1", "APIResourceList"), GroupVersion: version.GroupVersion, APIResources: []metav1.APIResource{
			{Name: "edges", Kind: "Edge", Namespaced: true, Verbs: metav1.Verbs{"get", "list"}},
			{Name: "edgelocations", Kind: "EdgeLocation", Namespaced: true, Verbs: metav1.Verbs{"get", "list"}},
		}}
	})
	answer(group+"/namespaces/team-a/edges", r.listEdges)
	answer(group+"/namespaces/team-a/edgelocations/"+location, r.getLocation)
	r.Server = httptest.NewTLSServer(mux)
	t.Cleanup(r.Close)
	return r
}

func kind(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

func (r *registry) set(location bool, edges ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.edges, r.location = edges, location
}

// listEdges lists those of another location to who does not ask for this one only.
func (r *registry) listEdges(req *http.Request) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := v1beta1.EdgeList{TypeMeta: kind("omni.cast.ai/v1beta1", "EdgeList"), Items: []v1beta1.Edge{}}
	names := r.edges
	if req.URL.Query().Get("fieldSelector") != "spec.edgeLocationName="+r.name {
		names = append(names, "of-another-location")
	}
	for _, name := range names {
		list.Items = append(list.Items, v1beta1.Edge{
			TypeMeta:   kind("omni.cast.ai/v1beta1", "Edge"),
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "team-a"},
		})
	}
	return list
}

func (r *registry) getLocation(*http.Request) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.location {
		status := apierrors.NewNotFound(v1beta1.Resource("edgelocations"), r.name).Status()
		status.TypeMeta = kind("v1", "Status")
		return &status
	}
	return v1beta1.EdgeLocation{
		TypeMeta:   kind("omni.cast.ai/v1beta1", "EdgeLocation"),
		ObjectMeta: metav1.ObjectMeta{Name: r.name, Namespace: "team-a"},
	}
}

func (r *registry) create(w http.ResponseWriter, req *http.Request) {
	var o v1beta1.Onboarding
	d := json.NewDecoder(req.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		http.Error(w, "not an Onboarding", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, o)
	w.Header().Set("Content-Type", "application/json")
	if o.Spec.Token != "" && r.used[o.Spec.Token] {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"details":{"causes":[{"reason":"AlreadyRegistered"}]}}`)
		return
	}
	r.used[o.Spec.Token] = true
	w.WriteHeader(http.StatusCreated)
	if err := json.NewEncoder(w).Encode(o); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (r *registry) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
}

// last is the registration made last.
func (r *registry) last(t *testing.T) v1beta1.OnboardingSpec {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) == 0 {
		t.Fatal("nothing was registered")
	}
	return r.got[len(r.got)-1].Spec
}

func kubeconfig(t *testing.T, r *registry) string {
	t.Helper()
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "main",
		"clusters": []any{map[string]any{"name": "main", "cluster": map[string]any{"server": r.URL, "certificate-authority-data": r.ca()}}},
		"users":    []any{map[string]any{"name": "me", "user": map[string]any{"token": "mine"}}},
		"contexts": []any{map[string]any{"name": "main", "context": map[string]any{"cluster": "main", "user": "me"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
