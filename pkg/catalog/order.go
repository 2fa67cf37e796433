// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Order is a way to sort a list of offerings: by a figure, then by name.
type Order struct {
	figure     func(*Offering) float64
	descending bool
}

// Position is where an offering stands in an Order. Names tell offerings with the
// same figure apart, so that the order is total.
type Position struct {
	Figure float64
	Name   string
}

// figures by the name users sort by. All are exact: no machine has 2^53 bytes.
var figures = map[string]func(*Offering) float64{
	"price":         func(o *Offering) float64 { return o.HourlyPrice },
	"cpu":           func(o *Offering) float64 { return float64(o.VCPU) },
	"memory":        func(o *Offering) float64 { return float64(o.MemoryBytes) },
	"name":          func(*Offering) float64 { return 0 },
	"price-per-cpu": (*Offering).HourlyPricePerVCPU,
}

// Orders returns the names that ParseOrder knows, sorted.
func Orders() []string { return slices.Sorted(maps.Keys(figures)) }

// ParseOrder returns the order of a name, with a "-" in front from the highest to
// the lowest; ok is false when there is none of that name.
func ParseOrder(name string) (order Order, ok bool) {
	name, order.descending = strings.CutPrefix(name, "-")
	order.figure, ok = figures[name]
	return order, ok
}

// Position returns where an offering with this name stands.
func (o Order) Position(offering *Offering, name string) Position {
	return Position{Figure: o.figure(offering), Name: name}
}

// Compare is negative when a comes before b, and zero for the same position only.
func (o Order) Compare(a, b Position) int {
	order := cmp.Or(cmp.Compare(a.Figure, b.Figure), cmp.Compare(a.Name, b.Name))
	if o.descending {
		return -order
	}
	return order
}
