// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func instances(t *testing.T, s *testServer, template, query string) *v1beta1.InstanceList {
	t.Helper()
	answer := s.do("viewer", http.MethodGet, path("nodetemplates", template, "instances")+query, nil, nil)
	if answer.code != http.StatusOK {
		t.Fatalf("instances%s: %d %s", query, answer.code, answer.body)
	}
	list := &v1beta1.InstanceList{}
	if err := json.Unmarshal([]byte(answer.body), list); err != nil {
		t.Fatal(err)
	}
	return list
}

func price(t *testing.T, i v1beta1.Instance) float64 {
	t.Helper()
	price, err := strconv.ParseFloat(i.HourlyPrice, 64)
	if err != nil {
		t.Fatal(err)
	}
	return price
}

func testInstances(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1beta1()
	location := newLocation("priced")
	location.Spec.AWS = newAWS()
	location.Spec.AWS.SubnetIDs["us-west-2b"] = "subnet-0a1b2c3d4e5f60719"
	other := newLocation("priced-elsewhere")
	other.Spec.Zones = []string{"us-west-2c"}
	for _, location := range []*v1beta1.EdgeLocation{location, other} {
		if _, err := client.EdgeLocations(namespace).Create(ctx, location, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	template := newTemplate("priced", "priced")
	template.Spec.Constraints.MinCPU = 4
	template.Spec.Constraints.InstanceFamilies = []string{"m7i"}
	if _, err := client.NodeTemplates(namespace).Create(ctx, template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	all := instances(t, s, "priced", "").Items
	if len(all) == 0 {
		t.Fatal("the template can buy nothing")
	}
	names := map[string]bool{}
	zones := map[string]bool{}
	for _, i := range all {
		names[i.Name], zones[i.Zone] = true, true
		if i.EdgeLocationName != "priced" || i.CPU.Value() < 4 || !strings.HasPrefix(i.InstanceType, "m7i.") || i.CapacityType != v1beta1.CapacityOnDemand || i.PriceSource == "" {
			t.Errorf("%+v is not what the template allows", i)
		}
	}
	if len(names) != len(all) || len(zones) != 2 {
		t.Errorf("%d names of %d instances in %d zones, want unique names and 2 zones", len(names), len(all), len(zones))
	}
	if !slices.IsSortedFunc(all, func(a, b v1beta1.Instance) int { return int(1e6 * (price(t, a) - price(t, b))) }) {
		t.Error("the list is not sorted by price")
	}

	bound := price(t, all[len(all)-1]) - 1e-6
	if cheaper := instances(t, s, "priced", "?maxPrice="+strconv.FormatFloat(bound, 'f', -1, 64)).Items; len(cheaper) == 0 || len(cheaper) >= len(all) {
		t.Errorf("maxPrice keeps %d of %d", len(cheaper), len(all))
	}
	if spot := instances(t, s, "priced", "?capacityType=spot").Items; len(spot) != 0 {
		t.Errorf("a template of on-demand machines offers %d spot ones", len(spot))
	}
	if none := instances(t, s, "priced", "?region=eu-west-1").Items; len(none) != 0 {
		t.Errorf("%d machines in a region without a location", len(none))
	}
	first := instances(t, s, "priced", "?limit=1")
	if len(first.Items) != 1 || first.RemainingItemCount == nil || *first.RemainingItemCount != int64(len(all)-1) {
		t.Errorf("limit=1 answers %d items, %v remaining, of %d", len(first.Items), first.RemainingItemCount, len(all))
	}

	headers, rows := table(t, s, path("nodetemplates", "priced", "instances"))
	if headers != "NAME LOCATION ZONE CAPACITY CPU MEMORY GPU $/H SOURCE (GPU-MEMORY) (ARCH) (FAMILY) (REGION) ($/CPU-H)" || len(rows) != len(all) {
		t.Errorf("table: %s with %d rows, want %d", headers, len(rows), len(all))
	}

	disabled := newTemplate("disabled")
	disabled.Spec.EdgeLocations.Enabled = false
	if _, err := client.NodeTemplates(namespace).Create(ctx, disabled, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if list := instances(t, s, "disabled", ""); len(list.Items) != 0 || list.Items == nil {
		t.Errorf("a template without edge locations answers %v, want an empty list", list.Items)
	}
}

// testInstancePages walks through a list page by page, in every order.
func testInstancePages(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1beta1()
	location := newLocation("paged")
	location.Spec.AWS = newAWS()
	if _, err := client.EdgeLocations(namespace).Create(ctx, location, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	template := newTemplate("paged", "paged")
	template.Spec.Constraints.InstanceFamilies = []string{"m7i", "c7i", "g4dn"}
	template, err := client.NodeTemplates(namespace).Create(ctx, template, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, sortBy := range []string{"price", "-price", "cpu", "-memory", "name", "-price-per-cpu"} {
		query := "?sortBy=" + sortBy
		all := instances(t, s, "paged", query)
		if all.Continue != "" || all.RemainingItemCount != nil || len(all.Items) < 7 {
			t.Fatalf("%s: %d items, continue %q", query, len(all.Items), all.Continue)
		}
		var paged []v1beta1.Instance
		for next := ""; ; {
			list := instances(t, s, "paged", query+"&limit=3"+next)
			paged = append(paged, list.Items...)
			if left := len(all.Items) - len(paged); left > 0 && (list.RemainingItemCount == nil || *list.RemainingItemCount != int64(left)) {
				t.Errorf("%s: remaining %v, want %d", query, list.RemainingItemCount, left)
			}
			if list.Continue == "" {
				break
			}
			next = "&continue=" + list.Continue
		}
		if !reflect.DeepEqual(paged, all.Items) {
			t.Errorf("%s: the pages together are not the list", query)
		}
	}
	testContinueTokens(t, s, template)
}

func testContinueTokens(t *testing.T, s *testServer, template *v1beta1.NodeTemplate) {
	first := instances(t, s, "paged", "?limit=3")
	at := path("nodetemplates", "paged", "instances")
	for query, want := range map[string]string{
		"limit=3&sortBy=cpu&continue=" + first.Continue:                                "of another query",
		"limit=3&minCPU=4&continue=" + first.Continue:                                  "of another query",
		"continue=" + first.Continue[1:]:                                               "not a token",
		"continue=" + first.Continue + "A":                                             "not a token",
		"continue=%27%3B%20drop":                                                       "not a token",
		"continue=e30":                                                                 "not a token", // {}
		"continue=" + base64.RawURLEncoding.EncodeToString([]byte(`{"v":2}`)):          "not a token",
		"continue=" + base64.RawURLEncoding.EncodeToString([]byte(`{"v":1,"more":1}`)): "not a token",
		"continue=" + base64.RawURLEncoding.EncodeToString([]byte(`{"v":1} {"v":1}`)):  "not a token",
	} {
		if answer := s.do("viewer", http.MethodGet, at+"?"+query, nil, nil); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, want) {
			t.Errorf("%s: %d %s, want 400 with %q", query, answer.code, answer.body, want)
		}
	}
	if more := instances(t, s, "paged", "?limit=1&continue="+first.Continue); len(more.Items) != 1 {
		t.Errorf("another limit: %d items, want 1", len(more.Items))
	}

	template.Spec.Constraints.MinCPU = 4
	if _, err := s.client().OmniV1beta1().NodeTemplates(namespace).Update(context.Background(), template, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	answer := s.do("viewer", http.MethodGet, at+"?limit=3&continue="+first.Continue, nil, nil)
	var status metav1.Status
	if err := json.Unmarshal([]byte(answer.body), &status); err != nil {
		t.Fatal(err)
	}
	if answer.code != http.StatusGone || status.Reason != metav1.StatusReasonExpired || status.Continue == "" ||
		!strings.Contains(status.Message, "the template or its edge locations have changed. Leave continue out to start again") {
		t.Fatalf("the template has changed: %d %s, want 410 with a way to go on", answer.code, answer.body)
	}
	rest := instances(t, s, "paged", "?continue="+status.Continue)
	last := first.Items[len(first.Items)-1]
	if len(rest.Items) == 0 || price(t, rest.Items[0]) < price(t, last) {
		t.Errorf("going on after %s leads to %d items", last.Name, len(rest.Items))
	}
}

// testInstanceFilters: every filter keeps something, leaves something out, and
// keeps only what it should.
func testInstanceFilters(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1beta1()
	for name, region := range map[string]string{"filtered-west": "us-west-2", "filtered-east": "us-east-1"} {
		location := newLocation(name)
		location.Spec.Region = region
		location.Spec.Zones = []string{region + "a", region + "b"}
		if _, err := client.EdgeLocations(namespace).Create(ctx, location, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.NodeTemplates(namespace).Create(ctx, newTemplate("filtered", "filtered-west", "filtered-east"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	all := instances(t, s, "filtered", "")
	for query, keeps := range map[string]func(*v1beta1.Instance) bool{
		"minCPU=8":                   func(i *v1beta1.Instance) bool { return i.CPU.Value() >= 8 },
		"maxCPU=8":                   func(i *v1beta1.Instance) bool { return i.CPU.Value() <= 8 },
		"minMemory=32Gi":             func(i *v1beta1.Instance) bool { return i.Memory.Value() >= 32<<30 },
		"maxMemory=32Gi":             func(i *v1beta1.Instance) bool { return i.Memory.Value() <= 32<<30 },
		"minGPUs=1":                  func(i *v1beta1.Instance) bool { return i.GPUs >= 1 },
		"minGPUMemory=24Gi":          func(i *v1beta1.Instance) bool { return i.GPUMemory.Value() >= 24<<30 },
		"gpuName=t4":                 func(i *v1beta1.Instance) bool { return i.GPUName == "T4" },
		"region=us-east-1":           func(i *v1beta1.Instance) bool { return i.Region == "us-east-1" },
		"edgeLocation=filtered-west": func(i *v1beta1.Instance) bool { return i.EdgeLocationName == "filtered-west" },
		"zone=us-west-2b":            func(i *v1beta1.Instance) bool { return i.Zone == "us-west-2b" },
		"maxPrice=0.5&minCPU=8":      func(i *v1beta1.Instance) bool { return price(t, *i) <= 0.5 && i.CPU.Value() >= 8 },
	} {
		var want []string
		for i := range all.Items {
			if keeps(&all.Items[i]) {
				want = append(want, all.Items[i].Name)
			}
		}
		var got []string
		for _, i := range instances(t, s, "filtered", "?"+query).Items {
			got = append(got, i.Name)
		}
		if !slices.Equal(got, want) || len(want) == 0 || len(want) == len(all.Items) {
			t.Errorf("%s keeps %d, want %d of %d", query, len(got), len(want), len(all.Items))
		}
	}
}

func testInstanceParameters(t *testing.T, s *testServer) {
	for _, query := range []string{
		"maxPrice=cheap", "maxPrice=NaN", "maxPrice=-1", "maxPrice=Inf", "capacityType=free", "limit=-1", "minCPU=two", "maxCPU=-2", "minGPUs=1.5", "minGPUMemory=24gigs",
		"minMemory=lots", "maxMemory=-1Gi", "architecture=x86", "region=us%20west", "zone=%27a", "edgeLocation=%0A", "gpuName=T4%3Bls", "sortBy=age", "sortBy=--price",
		"mincpu=2", "minCPU=1&minCPU=2", "fieldSelector=a%3Db",
	} {
		answer := s.do("viewer", http.MethodGet, path("nodetemplates", "any", "instances")+"?"+query, nil, nil)
		name, _, _ := strings.Cut(query, "=")
		if answer.code != http.StatusBadRequest || !strings.Contains(answer.body, name) {
			t.Errorf("%s: %d %s, want 400 that names the parameter", query, answer.code, answer.body)
		}
	}
	if answer := s.do("viewer", http.MethodGet, path("nodetemplates", "missing", "instances")+"?timeout=5s&pretty=true", nil, nil); answer.code != http.StatusNotFound {
		t.Errorf("missing template: %d, want 404", answer.code)
	}
}
