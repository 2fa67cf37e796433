// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister/listertest"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/aws/awstest"
	"github.com/castai/omni/test/emulator/emulatortest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
)

// TestList asks the emulated AWS by the real SDK.
func TestList(t *testing.T) {
	endpoint, clock := awstest.StartEmulator(t), testingclock.NewFakePassiveClock(time.Now().Truncate(time.Second))
	cfg := awstest.Config(endpoint)
	// As pkg/cloud/aws has it; a listing tries more often. Tests do not wait.
	cfg.RetryMaxAttempts = 2
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	w := &world{listertest.Start(t, New(cfg, clock, classify), clock), endpoint}
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
	*listertest.Cloud
	endpoint string
}

// setPrice sets the on-demand price of a type, and with a zone the spot price.
func (w *world) setPrice(t *testing.T, region, zone, instanceType string, dollars float64) {
	t.Helper()
	emulatortest.Add(t, w.endpoint, "prices", map[string]any{"region": region, "zone": zone, "instanceType": instanceType, "price": dollars})
}

func (w *world) testTypes(t *testing.T) {
	w.WantTypes(t, []catalog.Type{
		{InstanceType: "m5.large", Family: "m5", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "m6g.large", Family: "m6g", Architecture: "arm64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "g4dn.xlarge", Family: "g4dn", Architecture: "amd64", VCPU: 4, MemoryBytes: 16 << 30, GPUs: 1, GPUName: "T4", GPUMemoryBytes: 16 << 30},
		{InstanceType: "p4d.24xlarge", Family: "p4d", Architecture: "amd64", VCPU: 96, MemoryBytes: 1152 << 30, GPUs: 8, GPUName: "A100", GPUMemoryBytes: 40 << 30},
		{InstanceType: "g4ad.xlarge", Family: "g4ad", Architecture: "amd64", VCPU: 4, MemoryBytes: 16 << 30}, // AMD's
	}...)
	if slices.ContainsFunc(w.Known.Types.Value, func(t catalog.Type) bool { return t.Family == "mac1" }) {
		t.Error("a Mac runs no edge")
	}
}

func (w *world) testZones(t *testing.T) {
	if zones := w.Known.Zones.Value["m5.large"]; !slices.Contains(zones, "us-west-2a") || !slices.IsSorted(zones) || len(zones) < 3 {
		t.Errorf("zones of m5.large: %v", zones)
	}
	if len(w.Known.Zones.Value) < 700 {
		t.Errorf("%d types have zones, want all pages", len(w.Known.Zones.Value))
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
		if got := w.Known.OnDemand.Value[o.InstanceType]; got != o.HourlyPrice {
			t.Errorf("%s costs %v, want %v", o.InstanceType, got, o.HourlyPrice)
		}
		for zone, prices := range w.Known.Spot.Value {
			if spot := prices[o.InstanceType]; spot < 0.29*o.HourlyPrice || spot > 0.71*o.HourlyPrice {
				t.Errorf("%s in %s costs %v as spot, on-demand %v", o.InstanceType, zone, spot, o.HourlyPrice)
			}
		}
	}
	if len(w.Known.OnDemand.Value) != priced || len(w.Known.Spot.Value) < 3 {
		t.Errorf("%d on-demand prices, spot prices in %d zones, want %d and all", len(w.Known.OnDemand.Value), len(w.Known.Spot.Value), priced)
	}
}

func (w *world) testOfferings(t *testing.T) {
	w.WantLive(t, catalog.Region{Provider: "AWS", Name: awstest.Region, Account: "123456789012"}, "g4dn.xlarge", "us-west-2a")
}

func (w *world) testChange(t *testing.T) {
	w.setPrice(t, awstest.Region, "", "m5.large", 0.111)
	w.setPrice(t, awstest.Region, "us-west-2b", "m5.large", 0.222)
	w.setPrice(t, awstest.Region, "", "m6g.large", 0.077)
	listing := w.List(t)
	for what, got := range map[string][2]float64{
		"on-demand":       {listing.OnDemand.Value["m5.large"], 0.111},
		"spot":            {listing.Spot.Value["us-west-2b"]["m5.large"], 0.222},
		"a new price":     {listing.OnDemand.Value["m6g.large"], 0.077},
		"what was before": {w.Known.OnDemand.Value["m5.large"], 0.096},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

// testPartialFailure: what fails is kept with its age, and named.
func (w *world) testPartialFailure(t *testing.T) {
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "GetProducts", Code: "AccessDeniedException", Message: "no pricing:GetProducts"})
	w.setPrice(t, awstest.Region, "", "m5.large", 0.111)
	w.ListStale(t, "on-demand prices: CredentialsRejected (AccessDeniedException): no pricing:GetProducts")
	listing := w.Lister.ListOfferings(t.Context(), nil)
	if err := listing.Err(); err == nil || listing.OnDemand.Known() || !listing.Spot.Known() {
		t.Errorf("nothing known before: %v, %v", err, listing.OnDemand.Time)
	}
}

// testThrottled: more answers are lost than the controller's clients put up with.
func (w *world) testThrottled(t *testing.T) {
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "DescribeSpotPriceHistory", Code: "RequestLimitExceeded", Count: 3})
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "GetProducts", Code: "ThrottlingException", Count: 3})
	if err := w.Lister.ListOfferings(t.Context(), nil).Err(); err != nil {
		t.Error(err)
	}
}

// testElsewhere: the price list has all regions, and nothing else is asked there.
func (w *world) testElsewhere(t *testing.T) {
	w.setPrice(t, "eu-west-1", "", "m5.large", 0.107)
	listing := w.Lister.In("eu-west-1").ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	region := catalog.Region{Provider: "AWS", Name: "eu-west-1"}
	c := listertest.Learn(t, region, listing)
	if o := c.Find(region, "m5.large", "eu-west-1a", "on-demand"); o == nil || o.HourlyPrice != 0.107 || o.Region != "eu-west-1" {
		t.Errorf("on-demand: %+v", o)
	}
	if o := c.Find(region, "m5.large", "eu-west-1a", "spot"); o != nil {
		t.Errorf("nobody knows spot prices there: %+v", o)
	}
}
