// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

const (
	// repairs is how often the values on one kind are lowered before the rest of
	// what is too much is left to the division of all.
	repairs = 4
	// near is how far a bound may be from what is possible, as a part of it.
	near = 5e-4
	// provingSteps bounds the searches of one bound.
	provingSteps = 100_000
)

// Bound returns what no packing of the demand costs less than, and the prices that
// prove it: nothing that any kind can hold is worth more than it costs, so that they are
// a feasible solution of the dual program. They are values with those of the items
// lowered that a kind could hold too much of; in the end all are divided by what the
// worst kind still has too much (Farley 1990). Any values not below zero will do. A search of
// so many steps may prove that a kind holds less than items that can be cut could be worth.
func (s *Solver) Bound(values []float64, demand []int32, steps int) (bound float64, prices []float64) {
	prices = slices.Clone(values)
	worst := 1.0
	s.proving = provingSteps
	for k := range s.fillers {
		worst = max(worst, s.repair(k, prices, demand, steps))
	}
	for i := range prices {
		prices[i] /= worst
		bound += prices[i] * float64(demand[i])
	}
	return bound, prices
}

// repair lowers values until a kind can hold no more than it costs, or for some
// times, and returns how many times its cost it can hold still.
func (s *Solver) repair(k int, values []float64, demand []int32, steps int) (ratio float64) {
	f := s.fillers[k]
	for range repairs {
		ratio = s.most(k, values, demand, steps)
		if ratio <= 1 {
			return 1
		}
		for place, i := range f.kind.Items {
			if f.relaxed.amountOf(place) > 0 {
				values[i] /= ratio
			}
		}
	}
	return s.most(k, values, demand, steps)
}

// most returns how many times its cost a kind can hold at most. Between what it is
// known to hold and the relaxation, searches of so many steps each prove that it holds
// no more than a value in the middle, or that this cannot be proven.
func (s *Solver) most(k int, values []float64, demand []int32, steps int) float64 {
	f, cost := s.fillers[k], s.problem.Kinds[k].Cost
	bound := f.bound(values, demand)
	if bound > cost {
		bound = f.reprice(values, demand)
	}
	least, above := cost, cost
	for steps > 0 && s.proving > 0 && bound > least*(1+near) {
		value, found, whole := f.search(f.kind.Capacity, values, demand, above, steps)
		s.proving -= f.spent() + len(f.kind.Items)
		if whole {
			bound = min(bound, value)
		}
		if found || !whole {
			least = value
		}
		above = (least + bound) / 2
	}
	return bound / cost
}

// Most returns a value that no filling of the room is above: what the items on a
// node that is there anyway can be worth.
func (s *Solver) Most(room *Kind, values []float64, demand []int32) float64 {
	f := fillerOf(s.problem, room)
	return f.reprice(values, demand)
}
