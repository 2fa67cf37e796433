// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister/listertest"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// classify knows the errors of these tests; pkg/cloud/oci has the real table.
func classify(err error) error {
	failure, ok := common.IsServiceError(err)
	if !ok {
		return err
	}
	class := cloud.ClassAuth
	if failure.GetCode() == "TooManyRequests" {
		class = cloud.ClassThrottle
	}
	return &cloud.Error{Class: class, Code: failure.GetCode(), Err: errors.New(failure.GetMessage())}
}

type world struct {
	*listertest.Cloud
	oracle *ocitest.Cloud
}

// newWorld lists the emulated cloud by Oracle's own client, in pages of three shapes
// and without waiting.
func newWorld(t *testing.T) *world {
	t.Helper()
	oracle, now := ocitest.Start(t, clock.RealClock{}, time.Millisecond, 3), testingclock.NewFakePassiveClock(time.Now().Truncate(time.Second))
	compute, identity := oracle.Compute(t), oracle.Identity(t)
	lister := New(Source{
		CompartmentID: ocitest.CompartmentID, Compute: &compute, Identity: &identity, HTTP: http.DefaultClient, PriceListHost: oracle.Endpoint,
		Zone: func(domain string) string { return strings.TrimPrefix(domain, "EMUL:") },
	}, now, classify)
	lister.asker.Backoff = wait.Backoff{Steps: 3}
	return &world{listertest.Start(t, lister, now), oracle}
}

func TestList(t *testing.T) {
	w := newWorld(t)
	t.Run("types", w.testTypes)
	t.Run("prices", w.testPrices)
	t.Run("offerings", w.testOfferings)
	t.Run("prices change", w.testChange)
	t.Run("no price list", w.testNoPrices)
	t.Run("no shapes", w.testNoShapes)
	t.Run("throttled", w.testThrottled)
	t.Run("another region", w.testElsewhere)
}

func (w *world) testTypes(t *testing.T) {
	zones := []string{"US-ASHBURN-AD-1", "US-ASHBURN-AD-2", "US-ASHBURN-AD-3"}
	want := []catalog.Type{
		{InstanceType: "VM.Standard.E5.Flex-4-32", Family: "VM.Standard.E5.Flex", Architecture: "amd64", VCPU: 4, MemoryBytes: 32 << 30},
		{InstanceType: "VM.Standard.A1.Flex-1-4", Family: "VM.Standard.A1.Flex", Architecture: "arm64", VCPU: 1, MemoryBytes: 4 << 30},
		{InstanceType: "VM.Standard.A2.Flex-2-4", Family: "VM.Standard.A2.Flex", Architecture: "arm64", VCPU: 2, MemoryBytes: 4 << 30},
		{InstanceType: "VM.GPU.A10.2", Family: "VM.GPU.A10", Architecture: "amd64", VCPU: 60, MemoryBytes: 480 << 30, GPUs: 2, GPUName: "A10", GPUMemoryBytes: 24 << 30},
	}
	w.WantTypes(t, want...)
	for _, want := range want {
		if got := w.Known.Zones.Value[want.InstanceType]; !slices.Equal(got, zones) {
			t.Errorf("%s is in %v, want %v", want.InstanceType, got, zones)
		}
	}
	for _, t2 := range w.Known.Types.Value {
		switch {
		case t2.InstanceType == "VM.Standard3.Flex-96-192", t2.InstanceType == "VM.Standard.E5.Flex-1-2", t2.InstanceType == "VM.Standard3.Flex-64-1024":
			t.Errorf("%s cannot be had", t2.InstanceType)
		case t2.Family == "BM.GPU4":
			t.Errorf("%s has no price in the table", t2.InstanceType)
		}
	}
}

// testPrices: an OCPU is two vCPUs on x86 and one on A1, whose first tier is free;
// preemptible machines cost half, where there are any.
func (w *world) testPrices(t *testing.T) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "OCI", Name: ocitest.Region}) {
		got := w.Known.OnDemand.Value[o.InstanceType]
		if o.CapacityType == "spot" {
			got = w.Known.Spot.Value[catalog.EveryZone][o.InstanceType]
		}
		if compared++; math.Abs(got-o.HourlyPrice) > 1e-9 {
			t.Errorf("%s %s costs %v, want %v", o.InstanceType, o.CapacityType, got, o.HourlyPrice)
		}
	}
	if compared != 98 {
		t.Errorf("%d offerings of the snapshot, want 98", compared)
	}
	spot := w.Known.Spot.Value[catalog.EveryZone]
	for instanceType, want := range map[string][2]float64{
		"VM.Standard.A1.Flex-4-16": {4*0.01 + 16*0.0015, (4*0.01 + 16*0.0015) / 2},
		"VM.Standard.A2.Flex-4-16": {2*0.014 + 16*0.002, 0},
		"VM.GPU.A10.2":             {4, 0},
	} {
		if got := [2]float64{w.Known.OnDemand.Value[instanceType], spot[instanceType]}; math.Abs(got[0]-want[0]) > 1e-9 || math.Abs(got[1]-want[1]) > 1e-9 {
			t.Errorf("%s costs %v, want %v", instanceType, got, want)
		}
	}
}

func (w *world) testOfferings(t *testing.T) {
	region := catalog.Region{Provider: "OCI", Name: ocitest.Region, Account: ocitest.TenancyID}
	c := listertest.Learn(t, region, w.Known)
	for _, o := range c.Offerings(region) {
		list := c.Find(region, o.InstanceType, o.Zone, "on-demand")
		if o.CapacityType == "spot" && (list == nil || list.HourlyPrice < o.HourlyPrice) {
			t.Errorf("%s in %s: spot at %v is above on-demand", o.InstanceType, o.Zone, o.HourlyPrice)
		}
		if o.PriceSource.Since(w.Known.Spot.Time) != "live 0s" || !strings.HasPrefix(o.Zone, "US-ASHBURN-AD-") {
			t.Fatalf("%+v", o)
		}
	}
}

func (w *world) testChange(t *testing.T) {
	w.oracle.SetPrice(t, "B97384", 0.05)
	w.oracle.SetPrice(t, "B93297", 0) // all tiers are free
	listing := w.List(t)
	if got, want := listing.Spot.Value[catalog.EveryZone]["VM.Standard.E5.Flex-4-32"], (2*0.05+32*0.002)/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("spot: %v, want %v", got, want)
	}
	if price, ok := listing.OnDemand.Value["VM.Standard.A1.Flex-4-16"]; ok {
		t.Errorf("a machine whose OCPUs have no price costs %v", price)
	}
}

// testNoPrices: what fails is kept with its age, and named.
func (w *world) testNoPrices(t *testing.T) {
	w.oracle.Inject(t, fault.Rule{Action: "ListProducts", Code: "ServiceUnavailable"})
	w.ListStale(t, "on-demand prices, spot prices: CloudUnreachable: Oracle's price list: 503 Service Unavailable")
}

// testNoShapes: one domain that does not answer fails all.
func (w *world) testNoShapes(t *testing.T) {
	for _, action := range []string{"ListShapes", "ListAvailabilityDomains"} {
		w.oracle.Inject(t, fault.Rule{Action: action, Code: "NotAuthorizedOrNotFound", Count: 1})
		stale := w.Lister.ListOfferings(t.Context(), w.Known).Stale()
		if len(stale) != 1 || len(stale[0].Parts) != 4 || stale[0].Class != cloud.ClassAuth {
			t.Errorf("%s: %+v, want all parts to fail", action, stale)
		}
	}
}

func (w *world) testThrottled(t *testing.T) {
	for _, action := range []string{"ListShapes", "ListAvailabilityDomains", "ListProducts"} {
		w.oracle.Inject(t, fault.Rule{Action: action, Code: "TooManyRequests", Count: 2})
	}
	w.List(t)
}

// testElsewhere: the same shapes at the same prices, in domains that nobody named.
func (w *world) testElsewhere(t *testing.T) {
	listing := w.Lister.In("eu-frankfurt-1").ListOfferings(t.Context(), nil)
	region := catalog.Region{Provider: "OCI", Name: "eu-frankfurt-1"}
	o := listertest.Learn(t, region, listing).Find(region, "VM.Standard.E5.Flex-4-32", "EU-FRANKFURT-1-AD-1", "spot")
	if listing.Err() != nil || listing.Zones.Known() || o == nil || o.Zone != catalog.EveryZone || o.HourlyPrice != w.Known.Spot.Value[catalog.EveryZone][o.InstanceType] {
		t.Errorf("%v, %+v", listing.Err(), o)
	}
}

func TestReadPriceList(t *testing.T) {
	item := func(part, metric, currency, prices string) string {
		return `{"partNumber":"` + part + `","metricName":"` + metric + `","currencyCodeLocalizations":[{"currencyCode":"` + currency + `","prices":[` + prices + `]}]}`
	}
	list := `{"items":[` + strings.Join([]string{
		item("one", "OCPU Per Hour", "USD", `{"model":"PAY_AS_YOU_GO","value":0.03}`),
		item("tiers", "Gigabytes Per Hour", "USD", `{"model":"PAY_AS_YOU_GO","value":0,"rangeMax":3000},{"model":"PAY_AS_YOU_GO","value":0.01,"rangeMin":3000}`),
		item("commitment", "GPU per hour", "USD", `{"model":"MONTHLY_COMMIT","value":9},{"model":"PAY_AS_YOU_GO","value":2}`),
		item("euros", "OCPU Per Hour", "EUR", `{"model":"PAY_AS_YOU_GO","value":7}`),
		item("month", "Gigabyte Storage Capacity Per Month", "USD", `{"model":"PAY_AS_YOU_GO","value":5}`),
		`{"partNumber":"none"}`,
	}, ",") + `]}`
	got, err := readPriceList(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]float64{"one": 0.03, "tiers": 0.01, "commitment": 2, "euros": 0, "month": 0, "none": 0} {
		if got[part] != want {
			t.Errorf("%s: %v, want %v", part, got[part], want)
		}
	}
	if _, err := readPriceList(strings.NewReader("<html>")); err == nil {
		t.Error("HTML is taken for a price list")
	}
}
