// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package listertest is what the tests of the clouds' catalog.Listers share. Each asks
// an emulated cloud by the cloud's own SDK.
package listertest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
)

// Cloud is an emulated cloud that was listed once.
type Cloud struct {
	Lister catalog.Lister
	// Clock is the lister's.
	Clock *testingclock.FakePassiveClock
	// Known is what was listed.
	Known *catalog.Listing
}

// Start lists a cloud by a lister that has the clock, which stands at a whole second as
// all times in JSON do.
func Start(t *testing.T, lister catalog.Lister, clock *testingclock.FakePassiveClock) *Cloud {
	t.Helper()
	c := &Cloud{Lister: lister, Clock: clock}
	c.Known = c.List(t)
	return c
}

// List lists again and wants everything to be answered.
func (c *Cloud) List(t *testing.T) *catalog.Listing {
	t.Helper()
	listing := c.Lister.ListOfferings(t.Context(), c.Known)
	if err := listing.Err(); err != nil {
		t.Fatal(err)
	}
	return listing
}

// ListStale lists again an hour later and wants the cloud to fail in these words, with
// the age of what is used instead. What failed has to be as it was, and the rest new.
func (c *Cloud) ListStale(t *testing.T, failure string) *catalog.Listing {
	t.Helper()
	before := c.Clock.Now()
	c.Clock.SetTime(before.Add(time.Hour))
	defer c.Clock.SetTime(before)
	listing := c.Lister.ListOfferings(t.Context(), c.Known)
	want := failure + "; those of " + before.UTC().Format(time.RFC3339) + " are used"
	if err := listing.Err(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	wantPart(t, "types", before, listing.Types, c.Known.Types)
	wantPart(t, "zones", before, listing.Zones, c.Known.Zones)
	wantPart(t, "on-demand prices", before, listing.OnDemand, c.Known.OnDemand)
	wantPart(t, "spot prices", before, listing.Spot, c.Known.Spot)
	return listing
}

func wantPart[T any](t *testing.T, name string, before time.Time, got, known catalog.Part[T]) {
	t.Helper()
	switch {
	case got.Error == "":
		if !got.Time.Time.Equal(before.Add(time.Hour)) {
			t.Errorf("%s: answered, and of %v", name, got.Time)
		}
	case !got.Time.Time.Equal(before) || !reflect.DeepEqual(got.Value, known.Value):
		t.Errorf("%s: not kept as they were: of %v, %q", name, got.Time, got.Error)
	}
}

// WantTypes wants these types, among others.
func (c *Cloud) WantTypes(t *testing.T, want ...catalog.Type) {
	t.Helper()
	for _, wanted := range want {
		i := slices.IndexFunc(c.Known.Types.Value, func(t catalog.Type) bool { return t.InstanceType == wanted.InstanceType })
		switch {
		case i < 0:
			t.Errorf("%s is not among %d types", wanted.InstanceType, len(c.Known.Types.Value))
		case c.Known.Types.Value[i] != wanted:
			t.Errorf("%+v, want %+v", c.Known.Types.Value[i], wanted)
		}
	}
}

// WantLive wants a type of the region to be offered in a zone in both ways, at prices
// that were just listed.
func (c *Cloud) WantLive(t *testing.T, region catalog.Region, instanceType, zone string) {
	t.Helper()
	known := Learn(t, region, c.Known)
	for _, capacityType := range []string{"on-demand", "spot"} {
		o := known.Find(region, instanceType, zone, capacityType)
		if o == nil || o.PriceSource.Since(c.Known.Spot.Time) != "live 0s" || o.Zone != zone {
			t.Errorf("%s: %+v", capacityType, o)
		}
	}
}

// Learn returns a catalog that learned the listing.
func Learn(t *testing.T, region catalog.Region, listing *catalog.Listing) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	c.Learn(region, listing)
	return c
}
