// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
)

func offering(instanceType string, change ...func(*Offering)) Offering {
	o := Offering{Location: "team-a/oregon", InstanceType: instanceType, Zone: "us-west-2a", CapacityType: "spot", Family: "m5"}
	for _, c := range change {
		c(&o)
	}
	return o
}

func TestTimeGrowsAndDecays(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	o := New(clock)
	expect := func(want bool) {
		t.Helper()
		if got := o.Has(offering("m5.large")); got != want {
			t.Fatalf("Has = %v, want %v", got, want)
		}
	}
	expect(false)
	o.NoCapacity(offering("m5.large"))
	expect(true)
	clock.Step(firstTTL + time.Second)
	expect(false)
	o.NoCapacity(offering("m5.large")) // the second refusal counts double
	clock.Step(firstTTL + time.Second)
	expect(true)
	clock.Step(firstTTL)
	expect(false)
	clock.Step(longestTTL)
	expect(false) // forgotten
	o.NoCapacity(offering("m5.large"))
	clock.Step(firstTTL + time.Second)
	expect(false)
	for range 10 {
		o.NoCapacity(offering("m5.large"))
	}
	clock.Step(longestTTL - time.Second)
	expect(true)
	clock.Step(2 * time.Second)
	expect(false) // never longer than an hour
}

func TestReach(t *testing.T) {
	elsewhere := func(o *Offering) { o.Location = "team-a/iowa" }
	otherZone := func(o *Offering) { o.Zone = "us-west-2b" }
	onDemand := func(o *Offering) { o.CapacityType = "on-demand" }
	otherFamily := func(o *Offering) { o.Family = "c5" }
	gpu := func(o *Offering) { o.GPUName = "T4" }
	noCapacity := func(instanceTypes ...string) func(*Offerings) {
		return func(o *Offerings) {
			for _, t := range instanceTypes {
				o.NoCapacity(offering(t))
			}
		}
	}
	for name, test := range map[string]struct {
		refuse func(*Offerings)
		asked  Offering
		want   bool
	}{
		"the same":                        {noCapacity("m5.large"), offering("m5.large"), true},
		"another type":                    {noCapacity("m5.large"), offering("m5.xlarge"), false},
		"another zone":                    {noCapacity("m5.large"), offering("m5.large", otherZone), false},
		"another capacity type":           {noCapacity("m5.large"), offering("m5.large", onDemand), false},
		"another location":                {noCapacity("m5.large"), offering("m5.large", elsewhere), false},
		"two types of a family":           {noCapacity("m5.large", "m5.xlarge", "m5.large"), offering("m5.2xlarge"), false},
		"a family":                        {noCapacity("m5.large", "m5.xlarge", "m5.2xlarge"), offering("m5.4xlarge"), true},
		"a family in another zone":        {noCapacity("m5.large", "m5.xlarge", "m5.2xlarge"), offering("m5.4xlarge", otherZone), false},
		"another family":                  {noCapacity("m5.large", "m5.xlarge", "m5.2xlarge"), offering("c5.large", otherFamily), false},
		"a quota":                         {func(o *Offerings) { o.QuotaReached(offering("m5.large")) }, offering("c5.large", otherFamily, otherZone), true},
		"a quota elsewhere":               {func(o *Offerings) { o.QuotaReached(offering("m5.large")) }, offering("m5.large", elsewhere), false},
		"the quota of spot, on demand":    {func(o *Offerings) { o.QuotaReached(offering("m5.large")) }, offering("m5.large", onDemand), false},
		"the quota of GPUs, without GPUs": {func(o *Offerings) { o.QuotaReached(offering("g4dn.xlarge", gpu)) }, offering("m5.large"), false},
		"the quota of GPUs, with GPUs":    {func(o *Offerings) { o.QuotaReached(offering("g4dn.xlarge", gpu)) }, offering("g4dn.2xlarge", gpu), true},
	} {
		o := New(testingclock.NewFakeClock(time.Now()))
		test.refuse(o)
		if got := o.Has(test.asked); got != test.want {
			t.Errorf("%s: Has = %v, want %v", name, got, test.want)
		}
	}
}

// Types that were refused long ago do not count for their family.
func TestFamilyForgets(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	o := New(clock)
	for _, instanceType := range []string{"m5.large", "m5.xlarge", "m5.2xlarge"} {
		o.NoCapacity(offering(instanceType))
		clock.Step(firstTTL)
	}
	if o.Has(offering("m5.4xlarge")) {
		t.Error("the family is refused though one type was at a time")
	}
}

func TestRefused(t *testing.T) {
	o := New(testingclock.NewFakeClock(time.Now()))
	o.NoCapacity(offering("m5.large"))
	known := &catalog.Offering{Type: catalog.Type{InstanceType: "m5.large", Family: "m5"}, Zone: "us-west-2a", CapacityType: "spot"}
	if !o.Refused(types.NamespacedName{Namespace: "team-a", Name: "oregon"}, known) {
		t.Error("the offering of the catalog is not refused")
	}
}
