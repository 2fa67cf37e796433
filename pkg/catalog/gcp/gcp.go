// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package gcp asks Google which machines it offers in a region, where, and at what
// price.
package gcp

import (
	"context"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/compute/v1"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister"
)

// Lister asks for a region as one project sees it. It implements catalog.Lister.
type Lister struct {
	project, region string
	compute         *compute.Service
	billing         *cloudbilling.APIService
	asker           lister.Asker
	// typesPerPage and skusPerPage are the sizes of pages.
	typesPerPage, skusPerPage int64
}

// New returns a Lister with the credentials of the two services, which try each
// request once. classify tells what an error of the SDK means: see lister.Asker.
func New(project, region string, computeService *compute.Service, billing *cloudbilling.APIService, clk clock.PassiveClock, classify func(error) error) *Lister {
	return &Lister{
		project: project, region: region, compute: computeService, billing: billing,
		asker:        lister.Asker{Clock: clk, Classify: classify, Backoff: lister.Patience},
		typesPerPage: maxTypesPerPage, skusPerPage: maxSKUsPerPage,
	}
}

var _ catalog.Lister = (*Lister)(nil)

// ListOfferings implements catalog.Lister.
func (l *Lister) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	return lister.ByParts[parts]{Asker: &l.asker, Machines: l.machines, Prices: l.prices}.List(ctx, known)
}

// In implements catalog.Lister: a project sees all regions.
func (l *Lister) In(region string) catalog.Lister {
	elsewhere := *l
	elsewhere.region = region
	return &elsewhere
}
