// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const noon = 1_800_000_000

// part was answered so many minutes after noon.
func part[T any](value T, minutes int64) Part[T] {
	return Part[T]{Value: value, Time: metav1.Unix(noon+60*minutes, 0)}
}

func machines(names ...string) (types []Type) {
	for _, name := range names {
		types = append(types, Type{InstanceType: name, Family: Family("AWS", name), Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30})
	}
	return types
}

// TestLearn: what the cloud says takes the place of the snapshot, part by part.
func TestLearn(t *testing.T) {
	types, zones := part(machines("m5.large", "new.large"), 1), part(map[string][]string{"m5.large": {"a", "b"}, "new.large": {"b"}, "gone.large": {"a"}}, 2)
	list := part(map[string]float64{"m5.large": 0.1, "new.large": 0.2}, 3)
	cheap := part(map[string]map[string]float64{"a": {"m5.large": 0.03}, "b": {"m5.large": 0.04, "new.large": 0.2}}, 4)
	live := func(minutes int64) string { return Source{BasisLive, metav1.Unix(noon+60*minutes, 0)}.String() }
	const snapshot, estimate = "snapshot 2026-07-20", "snapshot 2026-07-20 (estimate)"
	for name, test := range map[string]struct {
		listing Listing
		want    []string // of m5.large and new.large
	}{
		"everything": {Listing{types, zones, list, cheap}, []string{
			"m5.large a spot 0.03 " + live(4), "m5.large b spot 0.04 " + live(4),
			"m5.large a on-demand 0.1 " + live(3), "m5.large b on-demand 0.1 " + live(3),
			"new.large b on-demand 0.2 " + live(3), "new.large b spot 0.2 " + live(4),
		}},
		"no prices at all": {Listing{Types: types, Zones: zones}, []string{
			"m5.large a spot 0.048 " + estimate, "m5.large b spot 0.048 " + estimate,
			"m5.large a on-demand 0.096 " + snapshot, "m5.large b on-demand 0.096 " + snapshot,
		}},
		"no on-demand prices": {Listing{Types: types, Zones: zones, Spot: cheap}, []string{
			"m5.large a spot 0.03 " + live(4), "m5.large b spot 0.04 " + live(4),
			"m5.large a on-demand 0.096 " + snapshot, "m5.large b on-demand 0.096 " + snapshot,
			"new.large b spot 0.2 " + live(4),
		}},
		"no zones": {Listing{Types: types, OnDemand: list, Spot: cheap}, []string{
			"m5.large a spot 0.03 " + live(4), "m5.large b spot 0.04 " + live(4),
			"m5.large  on-demand 0.1 " + live(3), "new.large  on-demand 0.2 " + live(3), "new.large b spot 0.2 " + live(4),
		}},
		"prices only": {Listing{OnDemand: list, Spot: cheap}, []string{
			"m5.large a spot 0.03 " + live(4), "m5.large b spot 0.04 " + live(4), "m5.large  on-demand 0.1 " + live(3),
		}},
		"spot above on-demand, and free machines": {Listing{types, zones,
			part(map[string]float64{"m5.large": 0.1, "new.large": 0}, 3), part(map[string]map[string]float64{"a": {"m5.large": 0.11}, "b": {"m5.large": 0}}, 4),
		}, []string{"m5.large a on-demand 0.1 " + live(3), "m5.large b on-demand 0.1 " + live(3)}},
		"spot prices that hold in every zone": {Listing{types, zones, list,
			part(map[string]map[string]float64{"": {"m5.large": 0.05, "new.large": 0.3}, "b": {"m5.large": 0.04}}, 4),
		}, []string{
			"m5.large b spot 0.04 " + live(4), "m5.large a spot 0.05 " + live(4),
			"m5.large a on-demand 0.1 " + live(3), "m5.large b on-demand 0.1 " + live(3), "new.large b on-demand 0.2 " + live(3),
		}},
		"those, and no zones": {Listing{Types: types, OnDemand: list, Spot: part(map[string]map[string]float64{"": {"m5.large": 0.05}}, 4)}, []string{
			"m5.large  spot 0.05 " + live(4), "m5.large  on-demand 0.1 " + live(3), "new.large  on-demand 0.2 " + live(3),
		}},
		"nothing": {Listing{}, []string{"m5.large  spot 0.048 " + estimate, "m5.large  on-demand 0.096 " + snapshot}},
	} {
		c := snapshotOf(t)
		region := Region{Provider: "AWS", Name: "us-west-2", Account: "123456789012"}
		c.Learn(region, &test.listing)
		var got []string
		for _, o := range c.Offerings(region) {
			if o.InstanceType == "m5.large" || o.InstanceType == "new.large" || o.InstanceType == "gone.large" {
				got = append(got, fmt.Sprintf("%s %s %s %v %s", o.InstanceType, o.Zone, o.CapacityType, o.HourlyPrice, o.PriceSource))
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
		if o := c.OfType(region, "m5.large"); o == nil || o.Allocatable.Cpu().MilliValue() != 2000 || o.Region != "us-west-2" || o.Provider != "AWS" {
			t.Errorf("%s: m5.large is %+v", name, o)
		}
	}
}

// TestLearnOfOneAccount: zones of one account mean nothing in another.
func TestLearnOfOneAccount(t *testing.T) {
	c := snapshotOf(t)
	ours, theirs := Region{"AWS", "us-west-2", "1"}, Region{"AWS", "us-west-2", "2"}
	before := len(c.Offerings(theirs))
	listing := &Listing{Types: part(machines("m5.large"), 0), Zones: part(map[string][]string{"m5.large": {"us-west-2a"}}, 0)}
	c.Learn(ours, listing)
	if len(c.Offerings(ours)) != 2 || len(c.Offerings(theirs)) != before || c.Listing(ours) != listing || c.Listing(theirs) != nil {
		t.Errorf("ours %d, theirs %d, want 2 and %d", len(c.Offerings(ours)), len(c.Offerings(theirs)), before)
	}
	if o := c.Find(ours, "m5.large", "us-west-2b", onDemand); o != nil {
		t.Errorf("offered where it is not: %+v", o)
	}
	// Whose account it is does not matter for prices: to the main cluster, or to a
	// location that is not on board yet.
	nobody := Region{Provider: "AWS", Name: "us-west-2"}
	if o := c.Offerings(nobody); len(o) != 2 || o[0].Zone != EveryZone || o[0].CapacityType != spot || c.Listing(nobody) != nil {
		t.Errorf("nobody's: %+v, want m5.large without a zone", o)
	}
	c.Forget(func(r Region) bool { return r == ours })
	if len(c.Listings()) != 1 {
		t.Errorf("%v, want ours kept", c.Listings())
	}
	c.Forget(func(Region) bool { return false })
	if len(c.Offerings(ours)) != before || len(c.Listings()) != 0 {
		t.Errorf("%d offerings, want the %d of the snapshot", len(c.Offerings(ours)), before)
	}
	if len(c.Offerings(nobody)) != before {
		t.Errorf("%d offerings without an account, want the %d of the snapshot", len(c.Offerings(nobody)), before)
	}
}

func TestRegionOf(t *testing.T) {
	for want, spec := range map[Region]*v1beta1.EdgeLocationSpec{
		{"AWS", "us-west-2", "123456789012"}:            {Provider: "AWS", Region: "us-west-2", AWS: &v1beta1.AWSLocation{AccountID: "123456789012"}},
		{"GCP", "us-central1", "my-project"}:            {Provider: "GCP", Region: "us-central1", GCP: &v1beta1.GCPLocation{ProjectID: "my-project"}},
		{"OCI", "us-ashburn-1", "ocid1.tenancy.oc1..a"}: {Provider: "OCI", Region: "us-ashburn-1", OCI: &v1beta1.OCILocation{TenancyID: "ocid1.tenancy.oc1..a"}},
		{"GCP", "us-central1", ""}:                      {Provider: "GCP", Region: "us-central1"},
	} {
		if got := RegionOf(spec); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// TestShare: a region without an account has the cheapest of all zones.
func TestShare(t *testing.T) {
	c := snapshotOf(t)
	for account, price := range map[string]float64{"2": 0.01, "1": 0.02} {
		c.Learn(Region{"AWS", "us-west-2", account}, &Listing{
			Types: part(machines("m5.large"), 0), Zones: part(map[string][]string{"m5.large": {"a", "b"}}, 0),
			OnDemand: part(map[string]float64{"m5.large": 0.1}, 0), Spot: part(map[string]map[string]float64{"a": {"m5.large": 0.03}, "b": {"m5.large": price}}, 0),
		})
	}
	nobody := Region{Provider: "AWS", Name: "us-west-2"}
	var got []string
	for _, o := range c.Offerings(nobody) {
		got = append(got, fmt.Sprintf("%s %q %s %v", o.InstanceType, o.Zone, o.CapacityType, o.HourlyPrice))
	}
	if want := []string{`m5.large "" spot 0.02`, `m5.large "" on-demand 0.1`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q, by the first account", got, want)
	}
	price := func() float64 { return c.Find(nobody, "m5.large", "a", onDemand).HourlyPrice }
	c.Learn(nobody, &Listing{OnDemand: part(map[string]float64{"m5.large": 0.5}, 0)})
	if price() != 0.1 {
		t.Errorf("%v, want that of the account: it knows more", price())
	}
	c.Forget(func(r Region) bool { return r == nobody })
	if price() != 0.5 {
		t.Errorf("%v, want that of its own listing", price())
	}
}

func TestSource(t *testing.T) {
	now := metav1.Unix(noon, 0)
	for _, test := range []struct {
		source      Source
		text, since string
	}{
		{Source{BasisLive, metav1.Unix(noon-12*60, 0)}, "live 2027-01-15T07:48:00Z", "live 12m"},
		{Source{BasisLive, metav1.Unix(noon+5, 0)}, "live 2027-01-15T08:00:05Z", "live 0s"},
		{Source{BasisSnapshot, snapshotDate}, "snapshot 2026-07-20", "snapshot 2026-07-20"},
		{Source{BasisEstimate, snapshotDate}, "snapshot 2026-07-20 (estimate)", "snapshot 2026-07-20 (estimate)"},
	} {
		if test.source.String() != test.text || test.source.Since(now) != test.since {
			t.Errorf("%q and %q, want %q and %q", test.source, test.source.Since(now), test.text, test.since)
		}
	}
}
