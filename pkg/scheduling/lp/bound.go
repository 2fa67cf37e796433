// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

const (
	// repairs is how often the values on one kind are lowered before the rest of
	// what is too much is left to the division of all.
	repairs = 4
	// nearlyOptimal is how much better than its cost a column of Relax must be, as
	// a part of it.
	nearlyOptimal = 5e-4
	// provingSteps bounds the searches of one bound.
	provingSteps = 300_000
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

// Relax goes on from a solution with columns of which items may be cut, and returns the
// prices at the end. The bound that they give is that of the linear program of assigning
// items to machines with as many of each as fit alone, or just below it; those of the
// solution itself may give a better one, but not when finding columns took too long. It
// takes so many steps at most, and the solution is of no more use to it.
func (s *Solver) Relax(solution *Solution, demand []int32, steps int) []float64 {
	values := slices.Clone(solution.Values)
	m, r := solution.master, solution.rows
	if m == nil {
		return values
	}
	counts := make([]float64, m.rows)
	for entered := true; entered && steps > 0; {
		entered = false
		for _, f := range s.fillers {
			r.scatter(m.prices, values)
			limit := f.kind.Cost * (1 + nearlyOptimal)
			steps -= len(f.kind.Items)
			if f.bound(values, demand) <= limit {
				continue
			}
			steps -= 8*len(f.kind.Items) + m.rows*m.rows/2
			if f.reprice(&s.relaxed, values, demand) <= limit {
				continue
			}
			clear(counts)
			for n, amount := range s.relaxed.amounts() {
				if amount > 0 {
					counts[r.of[f.kind.Items[f.places[n]]]] = amount
				}
			}
			m.enterParts(counts, f.kind.Cost)
			entered = true
		}
	}
	r.scatter(m.prices, values)
	return values
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
		for n, place := range f.places {
			if f.used[n] {
				values[f.kind.Items[place]] /= ratio
			}
		}
	}
	return s.most(k, values, demand, steps)
}

// most returns how many times its cost a kind can hold at most.
func (s *Solver) most(k int, values []float64, demand []int32, steps int) float64 {
	f, cost := s.fillers[k], s.problem.Kinds[k].Cost
	if bound := f.bound(values, demand); bound <= cost {
		return bound / cost
	}
	bound := f.reprice(&s.relaxed, values, demand)
	if bound <= cost {
		return bound / cost
	}
	if steps = min(steps, s.proving); steps <= 0 {
		return bound / cost
	}
	value, _, complete := f.search(f.kind.Capacity, values, demand, cost, steps)
	s.proving -= f.spent(steps) + len(f.kind.Items)
	if complete {
		bound = min(bound, value)
	}
	return bound / cost
}

// Most returns a value that no filling of the room is above: what the items on a
// node that is there anyway can be worth.
func (s *Solver) Most(room *Kind, values []float64, demand []int32) float64 {
	f := fillerOf(s.problem, room)
	return f.reprice(&s.relaxed, values, demand)
}
