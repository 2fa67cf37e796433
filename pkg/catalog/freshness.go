// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Freshness says how well the catalog knows a region.
type Freshness struct {
	// Fresh: the cloud answered everything the last time it was asked.
	Fresh bool
	// Reason in one word: Listed, NeverListed or the class of what failed.
	Reason string
	// Message tells of what time the knowledge is, or what failed and what is used
	// instead. It is the same until the cloud is asked again.
	Message string
}

// Freshness of what is known of a region.
func (c *Catalog) Freshness(region Region) Freshness {
	listing := c.Listing(region)
	if listing == nil {
		return Freshness{Reason: "NeverListed", Message: c.neverListed(region)}
	}
	stale := listing.Stale()
	if len(stale) == 0 {
		return Freshness{Fresh: true, Reason: "Listed", Message: "machine types and prices are of " + listing.oldest().UTC().Format(dateTime)}
	}
	return Freshness{Reason: string(stale[0].Class), Message: listing.Err().Error()}
}

func (c *Catalog) neverListed(region Region) string {
	if len(c.Offerings(region)) == 0 {
		return fmt.Sprintf("%s has not been asked for machine types and prices yet, and the snapshot knows nothing of %s: no machine can be chosen", region.Provider, region.Name)
	}
	return fmt.Sprintf("%s has not been asked for machine types and prices yet: the snapshot of %s is used", region.Provider, snapshotDate.UTC().Format(date))
}

// oldest is the time of the part that was answered longest ago.
func (l *Listing) oldest() metav1.Time {
	oldest := l.Types.Time
	for _, at := range []metav1.Time{l.Zones.Time, l.OnDemand.Time, l.Spot.Time} {
		if at.Before(&oldest) {
			oldest = at
		}
	}
	return oldest
}
