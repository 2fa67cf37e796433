// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/aws/awstest"
)

// TestList asks the emulated AWS by the real SDK.
func TestList(t *testing.T) {
	w := &world{endpoint: awstest.StartEmulator(t), clock: testingclock.NewFakePassiveClock(time.Now().Truncate(time.Second))}
	cfg := awstest.Config(w.endpoint)
	// As pkg/cloud/aws has it; a listing tries more often. Tests do not wait.
	cfg.RetryMaxAttempts = 2
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	w.lister = New(cfg, w.clock, classify)
	w.known = w.lister.ListOfferings(t.Context(), nil)
	if err := w.known.Err(); err != nil {
		t.Fatal(err)
	}
	t.Run("types", w.testTypes)
	t.Run("zones", w.testZones)
	t.Run("prices", w.testPrices)
	t.Run("offerings", w.testOfferings)
	t.Run("prices change", w.testChange)
	t.Run("partial failure", w.testPartialFailure)
	t.Run("throttled", w.testThrottled)
	t.Run("another region", w.testElsewhere)
}

// classify knows the one error of this test; pkg/cloud/aws has the real table.
func classify(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return &cloud.Error{Class: cloud.ClassAuth, Code: api.ErrorCode(), Err: errors.New(api.ErrorMessage())}
	}
	return err
}

type world struct {
	endpoint string
	clock    *testingclock.FakePassiveClock
	lister   *Lister
	known    *catalog.Listing
}

func (w *world) post(t *testing.T, path, body string) {
	t.Helper()
	res, err := http.Post(w.endpoint+path, "application/json", strings.NewReader(body))
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatal(res, err)
	}
	res.Body.Close()
	t.Cleanup(func() {
		r, err := http.NewRequest(http.MethodDelete, w.endpoint+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	})
}

func (w *world) testTypes(t *testing.T) {
	for _, want := range []catalog.Type{
		{InstanceType: "m5.large", Family: "m5", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "m6g.large", Family: "m6g", Architecture: "arm64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "g4dn.xlarge", Family: "g4dn", Architecture: "amd64", VCPU: 4, MemoryBytes: 16 << 30, GPUs: 1, GPUName: "T4", GPUMemoryBytes: 16 << 30},
		{InstanceType: "p4d.24xlarge", Family: "p4d", Architecture: "amd64", VCPU: 96, MemoryBytes: 1152 << 30, GPUs: 8, GPUName: "A100", GPUMemoryBytes: 40 << 30},
		{InstanceType: "g4ad.xlarge", Family: "g4ad", Architecture: "amd64", VCPU: 4, MemoryBytes: 16 << 30}, // AMD's
	} {
		i := slices.IndexFunc(w.known.Types.Value, func(t catalog.Type) bool { return t.InstanceType == want.InstanceType })
		if i < 0 || w.known.Types.Value[i] != want {
			t.Errorf("%d of %d, want %+v", i, len(w.known.Types.Value), want)
			if i >= 0 {
				t.Errorf("got %+v", w.known.Types.Value[i])
			}
		}
	}
	if slices.ContainsFunc(w.known.Types.Value, func(t catalog.Type) bool { return t.Family == "mac1" }) {
		t.Error("a Mac runs no edge")
	}
}

func (w *world) testZones(t *testing.T) {
	if zones := w.known.Zones.Value["m5.large"]; !slices.Contains(zones, "us-west-2a") || !slices.IsSorted(zones) || len(zones) < 3 {
		t.Errorf("zones of m5.large: %v", zones)
	}
	if len(w.known.Zones.Value) < 700 {
		t.Errorf("%d types have zones, want all pages", len(w.known.Zones.Value))
	}
}

// testPrices: of the many products and prices of a type the right one is taken.
func (w *world) testPrices(t *testing.T) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	priced := 0
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "AWS", Name: "us-east-1"}) {
		if o.CapacityType != "on-demand" {
			continue
		}
		priced++
		if got := w.known.OnDemand.Value[o.InstanceType]; got != o.HourlyPrice {
			t.Errorf("%s costs %v, want %v", o.InstanceType, got, o.HourlyPrice)
		}
		for zone, prices := range w.known.Spot.Value {
			if spot := prices[o.InstanceType]; spot < 0.29*o.HourlyPrice || spot > 0.71*o.HourlyPrice {
				t.Errorf("%s in %s costs %v as spot, on-demand %v", o.InstanceType, zone, spot, o.HourlyPrice)
			}
		}
	}
	if len(w.known.OnDemand.Value) != priced || len(w.known.Spot.Value) < 3 {
		t.Errorf("%d on-demand prices, spot prices in %d zones, want %d and all", len(w.known.OnDemand.Value), len(w.known.Spot.Value), priced)
	}
}

func (w *world) testOfferings(t *testing.T) {
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	region := catalog.Region{Provider: "AWS", Name: awstest.Region, Account: "123456789012"}
	c.Learn(region, w.known)
	for _, capacityType := range []string{"on-demand", "spot"} {
		o := c.Find(region, "g4dn.xlarge", "us-west-2a", capacityType)
		if o == nil || o.PriceSource.Since(w.known.Spot.Time) != "live 0s" || o.Zone != "us-west-2a" {
			t.Errorf("%s: %+v", capacityType, o)
		}
	}
}

func (w *world) testChange(t *testing.T) {
	w.post(t, "/_emulator/prices", `{"region":"us-west-2","instanceType":"m5.large","price":0.111}`)
	w.post(t, "/_emulator/prices", `{"region":"us-west-2","zone":"us-west-2b","instanceType":"m5.large","price":0.222}`)
	w.post(t, "/_emulator/prices", `{"region":"us-west-2","instanceType":"m6g.large","price":0.077}`)
	listing := w.lister.ListOfferings(t.Context(), w.known)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]float64{
		"on-demand":       {listing.OnDemand.Value["m5.large"], 0.111},
		"spot":            {listing.Spot.Value["us-west-2b"]["m5.large"], 0.222},
		"a new price":     {listing.OnDemand.Value["m6g.large"], 0.077},
		"what was before": {w.known.OnDemand.Value["m5.large"], 0.096},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

// testPartialFailure: what fails is kept with its age, and named.
func (w *world) testPartialFailure(t *testing.T) {
	before := w.clock.Now()
	w.clock.SetTime(before.Add(time.Hour))
	defer w.clock.SetTime(before)
	w.post(t, "/_emulator/faults", `{"action":"GetProducts","code":"AccessDeniedException","message":"no pricing:GetProducts"}`)
	w.post(t, "/_emulator/prices", `{"region":"us-west-2","instanceType":"m5.large","price":0.111}`)
	listing := w.lister.ListOfferings(t.Context(), w.known)
	want := "on-demand prices: CredentialsRejected (AccessDeniedException): no pricing:GetProducts; those of " + before.UTC().Format(time.RFC3339) + " are used"
	if err := listing.Err(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if listing.OnDemand.Value["m5.large"] != 0.096 || !listing.OnDemand.Time.Time.Equal(before) || listing.OnDemand.Error == "" {
		t.Errorf("on-demand prices are not kept as they were: %v of %v, %q", listing.OnDemand.Value["m5.large"], listing.OnDemand.Time, listing.OnDemand.Error)
	}
	for _, at := range []time.Time{listing.Types.Time.Time, listing.Zones.Time.Time, listing.Spot.Time.Time} {
		if !at.Equal(before.Add(time.Hour)) {
			t.Errorf("a part that was answered is of %v", at)
		}
	}
	listing = w.lister.ListOfferings(t.Context(), nil)
	if err := listing.Err(); err == nil || listing.OnDemand.Known() || !listing.Spot.Known() {
		t.Errorf("nothing known before: %v, %v", err, listing.OnDemand.Time)
	}
}

// testThrottled: more answers are lost than the controller's clients put up with.
func (w *world) testThrottled(t *testing.T) {
	w.post(t, "/_emulator/faults", `{"action":"DescribeSpotPriceHistory","code":"RequestLimitExceeded","count":3}`)
	w.post(t, "/_emulator/faults", `{"action":"GetProducts","code":"ThrottlingException","count":3}`)
	if err := w.lister.ListOfferings(t.Context(), nil).Err(); err != nil {
		t.Error(err)
	}
}

// testElsewhere: the price list has all regions, and nothing else is asked there.
func (w *world) testElsewhere(t *testing.T) {
	w.post(t, "/_emulator/prices", `{"region":"eu-west-1","instanceType":"m5.large","price":0.107}`)
	listing := w.lister.In("eu-west-1").ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	region := catalog.Region{Provider: "AWS", Name: "eu-west-1"}
	c.Learn(region, listing)
	if o := c.Find(region, "m5.large", "eu-west-1a", "on-demand"); o == nil || o.HourlyPrice != 0.107 || o.Region != "eu-west-1" {
		t.Errorf("on-demand: %+v", o)
	}
	if o := c.Find(region, "m5.large", "eu-west-1a", "spot"); o != nil {
		t.Errorf("nobody knows spot prices there: %+v", o)
	}
}
