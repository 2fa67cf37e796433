// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package gcp asks Google which machines it offers in a region, where, and at what
// price.
package gcp

import (
	"context"
	"slices"
	"sync"

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

// ListOfferings implements catalog.Lister. There are two answers for the four
// parts: the machine types with their zones, and the price list. A price is put
// together from what a type is made of, so that without types there are no prices.
func (l *Lister) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	if known == nil {
		known = &catalog.Listing{}
	}
	machines := sync.OnceValues(func() ([]*machine, error) { return l.machines(ctx) })
	rates := sync.OnceValues(func() (rates, error) {
		if _, err := machines(); err != nil {
			return nil, err
		}
		return l.rates(ctx)
	})
	prices := func(spot bool) (map[string]float64, error) {
		all, err := machines()
		if err != nil {
			return nil, err
		}
		list, err := rates()
		return list.prices(all, spot), err
	}
	return &catalog.Listing{
		Types: lister.Ask(ctx, &l.asker, known.Types, func(context.Context) ([]catalog.Type, int, error) {
			all, err := machines()
			return types(all), len(all), err
		}),
		Zones: lister.Ask(ctx, &l.asker, known.Zones, func(context.Context) (map[string][]string, int, error) {
			all, err := machines()
			return zones(all), len(all), err
		}),
		OnDemand: lister.Ask(ctx, &l.asker, known.OnDemand, func(context.Context) (map[string]float64, int, error) {
			list, err := prices(false)
			return list, len(list), err
		}),
		Spot: lister.Ask(ctx, &l.asker, known.Spot, func(context.Context) (map[string]map[string]float64, int, error) {
			list, err := prices(true)
			return map[string]map[string]float64{"": list}, len(list), err
		}),
	}
}

func types(machines []*machine) []catalog.Type {
	all := make([]catalog.Type, len(machines))
	for i := range machines {
		all[i] = machines[i].Type
	}
	return all
}

func zones(machines []*machine) map[string][]string {
	all := map[string][]string{}
	for i := range machines {
		all[machines[i].InstanceType] = slices.Sorted(slices.Values(machines[i].zones))
	}
	return all
}
