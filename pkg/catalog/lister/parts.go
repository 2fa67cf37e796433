// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lister

import (
	"context"
	"slices"
	"sync"

	"github.com/castai/omni/pkg/catalog"
)

// Machine is a machine type of a cloud that has no price for it, only for what it
// is made of.
type Machine[Parts any] struct {
	catalog.Type
	// Zones it is offered in.
	Zones []string
	// Parts are what its price is made of, beside the Type.
	Parts Parts
}

// PriceOf a machine in US dollars per hour; false when one part of it has no price:
// it must not look cheaper than it is.
type PriceOf[Parts any] func(m *Machine[Parts], spot bool) (float64, bool)

// ByParts lists the offerings of a cloud that has prices for the parts of machines,
// the same in all zones. There are two answers for the four parts of a listing: the
// machine types with their zones, and the price list, which without the types says
// nothing.
type ByParts[Parts any] struct {
	Asker    *Asker
	Machines func(context.Context) ([]*Machine[Parts], error)
	Prices   func(context.Context) (PriceOf[Parts], error)
}

// List asks for every part of the listing, each answer once.
func (b ByParts[Parts]) List(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	if known == nil {
		known = &catalog.Listing{}
	}
	machines := sync.OnceValues(func() ([]*Machine[Parts], error) { return b.Machines(ctx) })
	price := sync.OnceValues(func() (PriceOf[Parts], error) { return b.Prices(ctx) })
	prices := func(spot bool) (map[string]float64, error) {
		all, err := machines()
		if err != nil {
			return nil, err
		}
		of, err := price()
		if err != nil {
			return nil, err
		}
		list := map[string]float64{}
		for _, m := range all {
			if hourly, ok := of(m, spot); ok {
				list[m.InstanceType] = hourly
			}
		}
		return list, nil
	}
	return &catalog.Listing{
		Types: Ask(ctx, b.Asker, known.Types, func(context.Context) ([]catalog.Type, int, error) {
			all, err := machines()
			return types(all), len(all), err
		}),
		Zones: Ask(ctx, b.Asker, known.Zones, func(context.Context) (map[string][]string, int, error) {
			all, err := machines()
			return zones(all), len(all), err
		}),
		OnDemand: Ask(ctx, b.Asker, known.OnDemand, func(context.Context) (map[string]float64, int, error) {
			list, err := prices(false)
			return list, len(list), err
		}),
		Spot: Ask(ctx, b.Asker, known.Spot, func(context.Context) (map[string]map[string]float64, int, error) {
			list, err := prices(true)
			return map[string]map[string]float64{catalog.EveryZone: list}, len(list), err
		}),
	}
}

func types[Parts any](machines []*Machine[Parts]) []catalog.Type {
	all := make([]catalog.Type, len(machines))
	for i, m := range machines {
		all[i] = m.Type
	}
	return all
}

func zones[Parts any](machines []*Machine[Parts]) map[string][]string {
	all := map[string][]string{}
	for _, m := range machines {
		all[m.InstanceType] = slices.Sorted(slices.Values(m.Zones))
	}
	return all
}
