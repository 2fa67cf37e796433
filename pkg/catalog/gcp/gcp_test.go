// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"k8s.io/apimachinery/pkg/util/wait"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister/listertest"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/emulatortest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

// bearer signs requests with the token of the project's owner.
type bearer struct{}

func (bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+gcptest.Token)
	return http.DefaultTransport.RoundTrip(r)
}

// classify knows the errors of these tests; pkg/cloud/gcp has the real table.
func classify(err error) error {
	if _, known := errors.AsType[*cloud.Error](err); known {
		return err
	}
	api, ok := errors.AsType[*googleapi.Error](err)
	if !ok || len(api.Errors) == 0 {
		return err
	}
	class := cloud.ClassAuth
	if api.Errors[0].Reason == "rateLimitExceeded" {
		class = cloud.ClassThrottle
	}
	return &cloud.Error{Class: class, Code: api.Errors[0].Reason, Err: errors.New(api.Message)}
}

type world struct {
	*listertest.Cloud
	endpoint string
}

// newWorld lists the emulated cloud by Google's own client, in small pages and
// without waiting.
func newWorld(t *testing.T) *world {
	t.Helper()
	endpoint, clock := gcptest.Start(t), testingclock.NewFakePassiveClock(time.Now().Truncate(time.Second))
	client := option.WithHTTPClient(&http.Client{Transport: bearer{}})
	computeService, computeErr := compute.NewService(t.Context(), client, option.WithEndpoint(endpoint+"/compute/v1/"))
	billing, billingErr := cloudbilling.NewService(t.Context(), client, option.WithEndpoint(endpoint+"/"))
	if err := errors.Join(computeErr, billingErr); err != nil {
		t.Fatal(err)
	}
	lister := New(gcptest.Project, gcptest.Region, computeService, billing, clock, classify)
	lister.asker.Backoff = wait.Backoff{Steps: 3}
	lister.typesPerPage, lister.skusPerPage = 100, 40
	return &world{listertest.Start(t, lister, clock), endpoint}
}

// setPrice sets the price of a SKU by its description.
func (w *world) setPrice(t *testing.T, description string, dollars float64) {
	t.Helper()
	emulatortest.Add(t, w.endpoint, "prices", map[string]any{"description": description, "price": dollars})
}

func TestList(t *testing.T) {
	w := newWorld(t)
	t.Run("types", w.testTypes)
	t.Run("zones", w.testZones)
	t.Run("prices", w.testPrices)
	t.Run("offerings", w.testOfferings)
	t.Run("prices change", w.testChange)
	t.Run("spot above on-demand", w.testDearSpot)
	t.Run("no price list", w.testNoPrices)
	t.Run("a zone is away", w.testUnreachable)
	t.Run("throttled", w.testThrottled)
	t.Run("another region", w.testElsewhere)
}

func (w *world) testTypes(t *testing.T) {
	w.WantTypes(t, []catalog.Type{
		{InstanceType: "e2-standard-2", Family: "e2", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "c4a-standard-4", Family: "c4a", Architecture: "arm64", VCPU: 4, MemoryBytes: 16 << 30},
		{InstanceType: "g2-standard-24", Family: "g2", Architecture: "amd64", VCPU: 24, MemoryBytes: 96 << 30, GPUs: 2, GPUName: "L4", GPUMemoryBytes: 24 << 30},
		{InstanceType: "a3-highgpu-8g", Family: "a3", Architecture: "amd64", VCPU: 208, MemoryBytes: 1872 << 30, GPUs: 8, GPUName: "H100", GPUMemoryBytes: 80 << 30},
	}...)
	if slices.ContainsFunc(w.Known.Types.Value, func(t catalog.Type) bool { return t.InstanceType == "e2-medium" }) {
		t.Error("e2-medium has the half of two vCPUs")
	}
}

func (w *world) testZones(t *testing.T) {
	want := []string{"us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"}
	for _, machine := range w.Known.Types.Value {
		if got := w.Known.Zones.Value[machine.InstanceType]; !slices.Equal(got, want) {
			t.Errorf("%s is in %v, want %v", machine.InstanceType, got, want)
		}
	}
}

// testPrices: of the many SKUs of a family the right ones are put together, GPUs
// included: within half a percent of the price list that the snapshot is from.
func (w *world) testPrices(t *testing.T) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	priced := map[string]int{}
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "GCP", Name: gcptest.Region}) {
		priced[o.CapacityType]++
		got := w.Known.OnDemand.Value[o.InstanceType]
		tolerance := 0.005
		if o.CapacityType == "spot" {
			got, tolerance = w.Known.Spot.Value[""][o.InstanceType], 0.02 // cents are rounded
		}
		if math.Abs(got-o.HourlyPrice) > tolerance*o.HourlyPrice {
			t.Errorf("%s %s costs %v, want %v", o.InstanceType, o.CapacityType, got, o.HourlyPrice)
		}
	}
	if len(w.Known.OnDemand.Value) != priced["on-demand"] || len(w.Known.Spot.Value[""]) != priced["spot"] || priced["spot"] < 100 {
		t.Errorf("%d on-demand and %d spot prices, want %v", len(w.Known.OnDemand.Value), len(w.Known.Spot.Value[""]), priced)
	}
	for _, unpriced := range []string{"n4-standard-4", "a3-highgpu-8g"} {
		if price, ok := w.Known.OnDemand.Value[unpriced]; ok {
			t.Errorf("%s costs %v, but not all it is made of has a price", unpriced, price)
		}
	}
}

func (w *world) testOfferings(t *testing.T) {
	w.WantLive(t, catalog.Region{Provider: "GCP", Name: gcptest.Region, Account: gcptest.Project}, "g2-standard-4", gcptest.Zone)
}

func (w *world) testChange(t *testing.T) {
	w.setPrice(t, "N2 Instance Core running in Americas", 1)
	w.setPrice(t, "Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", 2)
	w.setPrice(t, "N2 Custom Instance Core running in Americas", 0.001)
	listing := w.List(t)
	for what, got := range map[string][2]float64{
		"a core":          {listing.OnDemand.Value["n2-standard-2"], 2*1 + 8*0.004237},
		"a GPU":           {listing.Spot.Value[""]["g2-standard-24"], 0.3*(24*0.025153+96*0.002927) + 2*2},
		"what was before": {w.Known.OnDemand.Value["n2-standard-2"], 2*0.031611 + 8*0.004237},
		"another family":  {listing.OnDemand.Value["n2d-standard-2"], w.Known.OnDemand.Value["n2d-standard-2"]},
	} {
		if math.Abs(got[0]-got[1]) > 1e-6 {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

// testDearSpot: nobody takes a spot machine for more than one that stays.
func (w *world) testDearSpot(t *testing.T) {
	w.setPrice(t, "Spot Preemptible E2 Instance Core running in Americas", 0.03)
	region := catalog.Region{Provider: "GCP", Name: gcptest.Region, Account: gcptest.Project}
	c := listertest.Learn(t, region, w.List(t))
	if o := c.Find(region, "e2-highcpu-8", gcptest.Zone, "spot"); o != nil {
		t.Errorf("a spot machine is offered at %v", o.HourlyPrice)
	}
	if o := c.Find(region, "e2-highcpu-8", gcptest.Zone, "on-demand"); o == nil {
		t.Error("the on-demand machine is not offered")
	}
}

// testNoPrices: what fails is kept with its age, and named.
func (w *world) testNoPrices(t *testing.T) {
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "cloudbilling.services.skus.list", Code: "accessNotConfigured", Message: "enable cloudbilling.googleapis.com"})
	w.ListStale(t, "on-demand prices, spot prices: CredentialsRejected (accessNotConfigured): enable cloudbilling.googleapis.com")
	if listing := w.Lister.ListOfferings(t.Context(), nil); listing.OnDemand.Known() || !listing.Types.Known() {
		t.Errorf("nothing known before: %+v", listing)
	}
}

// testUnreachable: half of the machines are no list of machines, and no prices can
// be put together without.
func (w *world) testUnreachable(t *testing.T) {
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "compute.machineTypes.aggregatedList", Code: "UNREACHABLE"})
	listing := w.Lister.ListOfferings(t.Context(), w.Known)
	stale := listing.Stale()
	if len(stale) != 1 || len(stale[0].Parts) != 4 || stale[0].Class != cloud.ClassTransient || !strings.Contains(stale[0].Error, "machine types of zones/us-central1-") {
		t.Errorf("%+v, want all parts to fail", stale)
	}
	if len(listing.Types.Value) != len(w.Known.Types.Value) {
		t.Errorf("%d types, want those known before", len(listing.Types.Value))
	}
}

func (w *world) testThrottled(t *testing.T) {
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "compute.machineTypes.aggregatedList", Code: "rateLimitExceeded", Count: 2})
	faulttest.Inject(t, w.endpoint, fault.Rule{Action: "cloudbilling.services.skus.list", Code: "rateLimitExceeded", Count: 2})
	w.List(t)
}

func (w *world) testElsewhere(t *testing.T) {
	listing := w.Lister.In("europe-west4").ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	for instanceType, here := range w.Known.OnDemand.Value {
		if there := listing.OnDemand.Value[instanceType]; math.Abs(there-1.1*here) > 1e-6 {
			t.Errorf("%s costs %v, want 1.1 times %v", instanceType, there, here)
		}
	}
	if zones := listing.Zones.Value["e2-standard-2"]; len(zones) != 3 || zones[0] != "europe-west4-a" {
		t.Errorf("zones: %v", zones)
	}
}
