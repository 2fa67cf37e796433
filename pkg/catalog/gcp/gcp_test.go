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
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
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
	endpoint string
	clock    *testingclock.FakePassiveClock
	lister   *Lister
	known    *catalog.Listing
}

// newWorld lists the emulated cloud by Google's own client, in small pages and
// without waiting.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{endpoint: gcptest.Start(t), clock: testingclock.NewFakePassiveClock(time.Now().Truncate(time.Second))}
	client := option.WithHTTPClient(&http.Client{Transport: bearer{}})
	computeService, computeErr := compute.NewService(t.Context(), client, option.WithEndpoint(w.endpoint+"/compute/v1/"))
	billing, billingErr := cloudbilling.NewService(t.Context(), client, option.WithEndpoint(w.endpoint+"/"))
	if err := errors.Join(computeErr, billingErr); err != nil {
		t.Fatal(err)
	}
	w.lister = New(gcptest.Project, gcptest.Region, computeService, billing, w.clock, classify)
	w.lister.asker.Backoff = wait.Backoff{Steps: 3}
	w.lister.typesPerPage, w.lister.skusPerPage = 100, 40
	w.known = w.list(t)
	return w
}

// list wants everything to be answered.
func (w *world) list(t *testing.T) *catalog.Listing {
	t.Helper()
	listing := w.lister.ListOfferings(t.Context(), w.known)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	return listing
}

func (w *world) post(t *testing.T, path string, body any) {
	t.Helper()
	gcptest.Do(t, http.MethodPost, w.endpoint+"/_emulator/"+path, body)
	t.Cleanup(func() { gcptest.Do(t, http.MethodDelete, w.endpoint+"/_emulator/"+path, nil) })
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
	for _, want := range []catalog.Type{
		{InstanceType: "e2-standard-2", Family: "e2", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30},
		{InstanceType: "c4a-standard-4", Family: "c4a", Architecture: "arm64", VCPU: 4, MemoryBytes: 16 << 30},
		{InstanceType: "g2-standard-24", Family: "g2", Architecture: "amd64", VCPU: 24, MemoryBytes: 96 << 30, GPUs: 2, GPUName: "L4", GPUMemoryBytes: 24 << 30},
		{InstanceType: "a3-highgpu-8g", Family: "a3", Architecture: "amd64", VCPU: 208, MemoryBytes: 1872 << 30, GPUs: 8, GPUName: "H100", GPUMemoryBytes: 80 << 30},
	} {
		i := slices.IndexFunc(w.known.Types.Value, func(t catalog.Type) bool { return t.InstanceType == want.InstanceType })
		if i < 0 || w.known.Types.Value[i] != want {
			t.Errorf("%d of %d, want %+v", i, len(w.known.Types.Value), want)
			if i >= 0 {
				t.Errorf("got %+v", w.known.Types.Value[i])
			}
		}
	}
	if slices.ContainsFunc(w.known.Types.Value, func(t catalog.Type) bool { return t.InstanceType == "e2-medium" }) {
		t.Error("e2-medium has the half of two vCPUs")
	}
}

func (w *world) testZones(t *testing.T) {
	want := []string{"us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"}
	for _, machine := range w.known.Types.Value {
		if got := w.known.Zones.Value[machine.InstanceType]; !slices.Equal(got, want) {
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
		got := w.known.OnDemand.Value[o.InstanceType]
		tolerance := 0.005
		if o.CapacityType == "spot" {
			got, tolerance = w.known.Spot.Value[""][o.InstanceType], 0.02 // cents are rounded
		}
		if math.Abs(got-o.HourlyPrice) > tolerance*o.HourlyPrice {
			t.Errorf("%s %s costs %v, want %v", o.InstanceType, o.CapacityType, got, o.HourlyPrice)
		}
	}
	if len(w.known.OnDemand.Value) != priced["on-demand"] || len(w.known.Spot.Value[""]) != priced["spot"] || priced["spot"] < 100 {
		t.Errorf("%d on-demand and %d spot prices, want %v", len(w.known.OnDemand.Value), len(w.known.Spot.Value[""]), priced)
	}
	for _, unpriced := range []string{"n4-standard-4", "a3-highgpu-8g"} {
		if price, ok := w.known.OnDemand.Value[unpriced]; ok {
			t.Errorf("%s costs %v, but not all it is made of has a price", unpriced, price)
		}
	}
}

func (w *world) testOfferings(t *testing.T) {
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	region := catalog.Region{Provider: "GCP", Name: gcptest.Region, Account: gcptest.Project}
	c.Learn(region, w.known)
	for _, capacityType := range []string{"on-demand", "spot"} {
		o := c.Find(region, "g2-standard-4", gcptest.Zone, capacityType)
		if o == nil || o.PriceSource.Since(w.known.Spot.Time) != "live 0s" || o.Zone != gcptest.Zone {
			t.Errorf("%s: %+v", capacityType, o)
		}
	}
}

func (w *world) testChange(t *testing.T) {
	w.post(t, "prices", map[string]any{"description": "N2 Instance Core running in Americas", "price": 1})
	w.post(t, "prices", map[string]any{"description": "Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "price": 2})
	w.post(t, "prices", map[string]any{"description": "N2 Custom Instance Core running in Americas", "price": 0.001})
	listing := w.list(t)
	for what, got := range map[string][2]float64{
		"a core":          {listing.OnDemand.Value["n2-standard-2"], 2*1 + 8*0.004237},
		"a GPU":           {listing.Spot.Value[""]["g2-standard-24"], 0.3*(24*0.025153+96*0.002927) + 2*2},
		"what was before": {w.known.OnDemand.Value["n2-standard-2"], 2*0.031611 + 8*0.004237},
		"another family":  {listing.OnDemand.Value["n2d-standard-2"], w.known.OnDemand.Value["n2d-standard-2"]},
	} {
		if math.Abs(got[0]-got[1]) > 1e-6 {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

// testDearSpot: nobody takes a spot machine for more than one that stays.
func (w *world) testDearSpot(t *testing.T) {
	w.post(t, "prices", map[string]any{"description": "Spot Preemptible E2 Instance Core running in Americas", "price": 0.03})
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	region := catalog.Region{Provider: "GCP", Name: gcptest.Region, Account: gcptest.Project}
	c.Learn(region, w.list(t))
	if o := c.Find(region, "e2-highcpu-8", gcptest.Zone, "spot"); o != nil {
		t.Errorf("a spot machine is offered at %v", o.HourlyPrice)
	}
	if o := c.Find(region, "e2-highcpu-8", gcptest.Zone, "on-demand"); o == nil {
		t.Error("the on-demand machine is not offered")
	}
}

// testNoPrices: what fails is kept with its age, and named.
func (w *world) testNoPrices(t *testing.T) {
	before := w.clock.Now()
	w.clock.SetTime(before.Add(time.Hour))
	defer w.clock.SetTime(before)
	w.post(t, "faults", fault.Rule{Action: "cloudbilling.services.skus.list", Code: "accessNotConfigured", Message: "enable cloudbilling.googleapis.com"})
	listing := w.lister.ListOfferings(t.Context(), w.known)
	want := "on-demand prices, spot prices: CredentialsRejected (accessNotConfigured): enable cloudbilling.googleapis.com; those of " +
		before.UTC().Format(time.RFC3339) + " are used"
	if err := listing.Err(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(listing.OnDemand.Value) != len(w.known.OnDemand.Value) || !listing.Spot.Time.Time.Equal(before) || !listing.Types.Time.Time.Equal(before.Add(time.Hour)) {
		t.Errorf("%d prices of %v, types of %v", len(listing.OnDemand.Value), listing.Spot.Time, listing.Types.Time)
	}
	if listing = w.lister.ListOfferings(t.Context(), nil); listing.OnDemand.Known() || !listing.Types.Known() {
		t.Errorf("nothing known before: %+v", listing)
	}
}

// testUnreachable: half of the machines are no list of machines, and no prices can
// be put together without.
func (w *world) testUnreachable(t *testing.T) {
	w.post(t, "faults", fault.Rule{Action: "compute.machineTypes.aggregatedList", Code: "UNREACHABLE"})
	listing := w.lister.ListOfferings(t.Context(), w.known)
	stale := listing.Stale()
	if len(stale) != 1 || len(stale[0].Parts) != 4 || stale[0].Class != cloud.ClassTransient || !strings.Contains(stale[0].Error, "machine types of zones/us-central1-") {
		t.Errorf("%+v, want all parts to fail", stale)
	}
	if len(listing.Types.Value) != len(w.known.Types.Value) {
		t.Errorf("%d types, want those known before", len(listing.Types.Value))
	}
}

func (w *world) testThrottled(t *testing.T) {
	w.post(t, "faults", fault.Rule{Action: "compute.machineTypes.aggregatedList", Code: "rateLimitExceeded", Count: 2})
	w.post(t, "faults", fault.Rule{Action: "cloudbilling.services.skus.list", Code: "rateLimitExceeded", Count: 2})
	w.list(t)
}

func (w *world) testElsewhere(t *testing.T) {
	listing := w.lister.In("europe-west4").ListOfferings(t.Context(), nil)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	for instanceType, here := range w.known.OnDemand.Value {
		if there := listing.OnDemand.Value[instanceType]; math.Abs(there-1.1*here) > 1e-6 {
			t.Errorf("%s costs %v, want 1.1 times %v", instanceType, there, here)
		}
	}
	if zones := listing.Zones.Value["e2-standard-2"]; len(zones) != 3 || zones[0] != "europe-west4-a" {
		t.Errorf("zones: %v", zones)
	}
}
