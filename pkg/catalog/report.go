// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"slices"
)

// ReportPath is where omni-controller, which holds the credentials of the clouds,
// reports to omni-apiserver what they have said.
const ReportPath = "/catalog"

// Report is all that the clouds have said, as JSON.
type Report struct {
	// Regions sorted by their names: equal catalogs give equal reports.
	Regions []ReportedRegion `json:"regions"`
}

// ReportedRegion is a region with what its cloud has said about it.
type ReportedRegion struct {
	Region  Region   `json:"region"`
	Listing *Listing `json:"listing"`
}

// Report returns what the clouds have said. Nobody may change the listings.
func (c *Catalog) Report() Report {
	report := Report{Regions: []ReportedRegion{}}
	for region, listing := range c.Listings() {
		report.Regions = append(report.Regions, ReportedRegion{region, listing})
	}
	slices.SortFunc(report.Regions, func(a, b ReportedRegion) int {
		return cmp.Or(
			cmp.Compare(a.Region.Provider, b.Region.Provider),
			cmp.Compare(a.Region.Name, b.Region.Name),
			cmp.Compare(a.Region.Account, b.Region.Account),
		)
	})
	return report
}

// Adopt learns all of a report, and forgets what is not in it.
func (c *Catalog) Adopt(report Report) {
	reported := map[Region]bool{}
	for _, r := range report.Regions {
		if r.Listing != nil {
			reported[r.Region] = true
			c.Learn(r.Region, r.Listing)
		}
	}
	c.Forget(func(region Region) bool { return reported[region] })
}
