// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
)

func instances(t *testing.T, s *testServer, template, query string) *v1alpha1.InstanceList {
	t.Helper()
	answer := s.do("viewer", http.MethodGet, path("nodetemplates", template, "instances")+query, nil, nil)
	if answer.code != http.StatusOK {
		t.Fatalf("instances%s: %d %s", query, answer.code, answer.body)
	}
	list := &v1alpha1.InstanceList{}
	if err := json.Unmarshal([]byte(answer.body), list); err != nil {
		t.Fatal(err)
	}
	return list
}

func price(t *testing.T, i v1alpha1.Instance) float64 {
	t.Helper()
	price, err := strconv.ParseFloat(i.HourlyPrice, 64)
	if err != nil {
		t.Fatal(err)
	}
	return price
}

func testInstances(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1alpha1()
	location := newLocation("priced")
	location.Spec.AWS = newAWS()
	location.Spec.AWS.SubnetIDs["us-west-2b"] = "subnet-0a1b2c3d4e5f60719"
	other := newLocation("priced-elsewhere")
	other.Spec.Zones = []string{"us-west-2c"}
	for _, location := range []*v1alpha1.EdgeLocation{location, other} {
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
		if i.EdgeLocationName != "priced" || i.CPU.Value() < 4 || !strings.HasPrefix(i.InstanceType, "m7i.") || i.CapacityType != v1alpha1.CapacityOnDemand || i.PriceSource == "" {
			t.Errorf("%+v is not what the template allows", i)
		}
	}
	if len(names) != len(all) || len(zones) != 2 {
		t.Errorf("%d names of %d instances in %d zones, want unique names and 2 zones", len(names), len(all), len(zones))
	}
	if !slices.IsSortedFunc(all, func(a, b v1alpha1.Instance) int { return int(1e6 * (price(t, a) - price(t, b))) }) {
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
	if headers != "NAME LOCATION ZONE CAPACITY CPU MEMORY GPU $/H SOURCE" || len(rows) != len(all) {
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

func testInstanceParameters(t *testing.T, s *testServer) {
	for _, query := range []string{"maxPrice=cheap", "maxPrice=NaN", "maxPrice=-1", "capacityType=free", "limit=-1", "minCPU=two"} {
		if answer := s.do("viewer", http.MethodGet, path("nodetemplates", "any", "instances")+"?"+query, nil, nil); answer.code != http.StatusBadRequest {
			t.Errorf("%s: %d %s, want 400", query, answer.code, answer.body)
		}
	}
	if answer := s.do("viewer", http.MethodGet, path("nodetemplates", "missing", "instances"), nil, nil); answer.code != http.StatusNotFound {
		t.Errorf("missing template: %d, want 404", answer.code)
	}
}
