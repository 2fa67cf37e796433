// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package offerings

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/catalog"
	catalogcontroller "github.com/castai/omni/pkg/controller/catalog"
)

// at is omni-controller at a URL.
type at string

func (a at) Get(ctx context.Context, header http.Header, path ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(a)+strings.Join(path, "/"), nil)
	if err != nil {
		return nil, err
	}
	r.Header = header
	return http.DefaultClient.Do(r)
}

func snapshot(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFollow: omni-apiserver comes to know what omni-controller does, and is told
// only what is new.
func TestFollow(t *testing.T) {
	theirs, ours := snapshot(t), snapshot(t)
	var codes []int
	handler := catalogcontroller.Report(theirs)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		codes = append(codes, recorder.Code)
		maps.Copy(w.Header(), recorder.Header())
		w.WriteHeader(recorder.Code)
		w.Write(recorder.Body.Bytes())
	}))
	defer server.Close()
	follower := &Follower{Controller: at(server.URL), Catalog: ours}
	follow := func() {
		t.Helper()
		if err := follower.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one := catalog.Region{Provider: "AWS", Name: "us-west-2", Account: "1"}
	two := catalog.Region{Provider: "AWS", Name: "us-east-1", Account: "1"}
	now := metav1.Unix(1_800_000_000, 0)
	follow()
	theirs.Learn(one, &catalog.Listing{
		Types:    catalog.Part[[]catalog.Type]{Value: []catalog.Type{{InstanceType: "m5.large", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30}}, Time: now},
		Zones:    catalog.Part[map[string][]string]{Value: map[string][]string{"m5.large": {"us-west-2a"}}, Time: now},
		OnDemand: catalog.Part[map[string]float64]{Error: "AccessDenied"},
		Spot:     catalog.Part[map[string]map[string]float64]{Value: map[string]map[string]float64{"us-west-2a": {"m5.large": 0.03}}, Time: now},
	})
	theirs.Learn(two, &catalog.Listing{OnDemand: catalog.Part[map[string]float64]{Value: map[string]float64{"m5.large": 0.1}, Time: now}})
	follow()
	follow()
	for _, region := range []catalog.Region{one, two} {
		if got, want := ours.Offerings(region), theirs.Offerings(region); len(got) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", region, got, want)
		}
	}
	theirs.Forget(func(r catalog.Region) bool { return r == one })
	follow()
	if ours.Listing(one) == nil || ours.Listing(two) != nil {
		t.Errorf("after a region was forgotten: %v, %v", ours.Listing(one), ours.Listing(two))
	}
	if want := []int{200, 200, 304, 200}; !reflect.DeepEqual(codes, want) {
		t.Errorf("answers %v, want %v", codes, want)
	}
}

// TestFollowFails: whatever goes wrong, what is known stays.
func TestFollowFails(t *testing.T) {
	region := catalog.Region{Provider: "AWS", Name: "us-west-2", Account: "1"}
	for name, test := range map[string]struct {
		code       int
		body, want string
	}{
		"forbidden": {http.StatusForbidden, "", "nonResourceURL /catalog"},
		"broken":    {http.StatusInternalServerError, "", "look into its log"},
		"cut off":   {http.StatusOK, `{"regions":[`, "unexpected EOF"},
		"no JSON":   {http.StatusOK, `<html>`, "invalid character"},
	} {
		c := snapshot(t)
		c.Learn(region, &catalog.Listing{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.code)
			io.WriteString(w, test.body)
		}))
		follower := &Follower{Controller: at(server.URL), Catalog: c}
		if err := follower.Follow(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) || c.Listing(region) == nil {
			t.Errorf("%s: %v, want %q, and what is known kept", name, err, test.want)
		}
		server.Close()
		if err := follower.Follow(t.Context()); err == nil || c.Listing(region) == nil {
			t.Errorf("%s: no answer: %v", name, err)
		}
	}
}
