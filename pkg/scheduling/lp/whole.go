// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"cmp"
	"slices"
)

// Whole raises a bound by what the linear program leaves aside: that machines are bought
// whole. Whatever items are worth, the machines that hold them can hold as much, so that
// every vector of values is a condition for the choice of machines. It takes the prices
// that Bound returned and the need of each resource, and looks for the cheapest choice
// below the limit that meets all conditions. What it returns is that, or as much as so
// many steps prove. Elsewhere is the most that items of some values can be worth where
// there is room already.
func (s *Solver) Whole(bound, limit float64, prices []float64, demand []int32, elsewhere func(values []float64) float64, steps int) float64 {
	c := s.newChoice(demand, elsewhere)
	c.demand(prices, 1)
	values := make([]float64, len(demand))
	for r := range s.problem.Kinds[0].Capacity {
		for i := range values {
			values[i] = s.problem.Items[i].Need[r]
		}
		c.demand(values, unbounded)
	}
	if len(c.hold[0]) == 0 {
		return bound
	}
	c.together()
	c.sort()
	// A low limit takes few steps: ever greater ones, as long as there are steps left.
	c.steps = steps
	for _, part := range []float64{0.125, 0.25, 0.5, 1} {
		c.limit, c.found = bound+part*(limit-bound), false
		c.choose(0, 0, make([]float64, len(c.hold[0])))
		if c.steps <= 0 {
			return bound
		}
		if bound = max(bound, c.limit); c.found {
			return bound
		}
	}
	return bound
}

// choice is the search for the cheapest machines that meet conditions.
type choice struct {
	*Solver
	wanted    []int32
	elsewhere func(values []float64) float64
	order     []int
	cost      []float64   // of each kind
	hold      [][]float64 // of each kind, for each condition: what it can hold, as a part of what is needed
	prospects Prospects
	// limit is the least cost found, or that of which something cheaper is looked for.
	limit float64
	found bool
	steps int
}

func (s *Solver) newChoice(wanted []int32, elsewhere func([]float64) float64) *choice {
	c := &choice{Solver: s, wanted: wanted, elsewhere: elsewhere, hold: make([][]float64, len(s.fillers))}
	for k, f := range s.fillers {
		c.order, c.cost = append(c.order, k), append(c.cost, f.kind.Cost)
	}
	return c
}

// demand adds the condition that all items of these values are held, when no kind can
// hold more than so many times its cost.
func (c *choice) demand(values []float64, most float64) {
	all := 0.0
	for i, count := range c.wanted {
		all += values[i] * float64(count)
	}
	needed := all - c.elsewhere(values)
	if needed <= all*(1-Met) {
		return
	}
	for k, f := range c.fillers {
		held := min(f.reprice(values, c.wanted), most*c.cost[k])
		c.hold[k] = append(c.hold[k], held/needed)
	}
}

// together adds the condition that is the sum of all, each so many times that it alone
// demands as much as all in the linear program: those are its dual prices.
func (c *choice) together() {
	conditions := len(c.hold[0])
	var needs []float64
	for condition := range conditions {
		for k := range c.hold {
			needs = append(needs, c.hold[k][condition])
		}
	}
	x := newRelaxed(c.cost, needs, conditions)
	for condition := range conditions {
		x.value[condition], x.most[condition] = 1, unbounded
	}
	x.solve()
	times, sum := make([]float64, conditions), 0.0
	for condition := range times {
		times[condition] = x.amountOf(condition)
		sum += times[condition]
	}
	for k := range c.hold {
		c.hold[k] = append(c.hold[k], dot(times, c.hold[k])/sum)
	}
}

// sort puts the kinds first that hold the most of the last condition for their cost.
func (c *choice) sort() {
	last := len(c.hold[0]) - 1
	slices.SortStableFunc(c.order, func(a, b int) int {
		return cmp.Compare(c.hold[b][last]/c.cost[b], c.hold[a][last]/c.cost[a])
	})
	costs, holds := make([]float64, len(c.order)), make([][]float64, len(c.order))
	for place, k := range c.order {
		costs[place], holds[place] = c.cost[k], c.hold[k]
	}
	c.prospects = NewProspects(costs, holds)
}

// choose adds machines from a place in the order on to some that hold so much.
func (c *choice) choose(from int, cost float64, held []float64) {
	if slices.Min(held) >= Met {
		c.limit, c.found = cost, true
		return
	}
	next := make([]float64, len(held))
	for place := from; place < len(c.order) && c.steps > 0 && c.prospects.Enough(place, c.limit-cost, held); place++ {
		c.steps--
		k := c.order[place]
		if cost+c.cost[k] >= c.limit {
			continue
		}
		for condition, x := range c.hold[k] {
			next[condition] = held[condition] + x
		}
		c.choose(place, cost+c.cost[k], next)
	}
}
