// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/cloud"
)

func TestFreshness(t *testing.T) {
	fresh := Listing{Types: part(machines("m5.large"), 2), Zones: part(map[string][]string{}, 1), OnDemand: part(map[string]float64{}, 2), Spot: part(map[string]map[string]float64{}, 3)}
	partly, all := fresh, Listing{}
	partly.OnDemand.Error, partly.OnDemand.Class = "no prices.list", cloud.ClassAuth
	partly.Spot.Error, partly.Spot.Class, partly.Spot.Time = "no prices.list", cloud.ClassAuth, metav1.Time{}
	all.OnDemand.Error, all.OnDemand.Class = "too many", cloud.ClassThrottle
	all.Spot.Error, all.Spot.Class = "too many", cloud.ClassThrottle
	for name, test := range map[string]struct {
		region  Region
		listing *Listing
		want    Freshness
	}{
		"all answered": {Region{"AWS", "us-west-2", "1"}, &fresh, Freshness{true, "Listed", "machine types and prices are of 2027-01-15T08:01:00Z"}},
		"never asked":  {Region{"GCP", "us-central1", "p"}, nil, Freshness{false, "NeverListed", "GCP has not been asked for machine types and prices yet: the snapshot of 2026-07-20 is used"}},
		"never asked, and not in the snapshot": {Region{"GCP", "us-central9", "p"}, nil, Freshness{false, "NeverListed",
			"GCP has not been asked for machine types and prices yet, and the snapshot knows nothing of us-central9: no machine can be chosen"}},
		"two parts of different ages": {Region{"OCI", "us-ashburn-1", "t"}, &partly, Freshness{false, "CredentialsRejected",
			"on-demand prices: no prices.list; those of 2027-01-15T08:02:00Z are used; spot prices: no prices.list; those of the snapshot of 2026-07-20 are used"}},
		"two parts that fail alike": {Region{"OCI", "us-ashburn-1", "t"}, &all, Freshness{false, "Throttled",
			"on-demand prices, spot prices: too many; those of the snapshot of 2026-07-20 are used"}},
	} {
		c := snapshotOf(t)
		if test.listing != nil {
			c.Learn(test.region, test.listing)
		}
		if got := c.Freshness(test.region); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
