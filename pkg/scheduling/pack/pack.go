// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package pack chooses machines for a demand at little cost. It rounds the fractional
// packing of package lp: what that uses a whole number of times is bought, the linear
// program is solved again for what is left, and so on; each time the rest is also
// packed greedily by the dual prices, and the best of all these packings is improved
// by taking machines apart and packing their items anew. It is deterministic.
package pack

import (
	"cmp"
	"math"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
)

// fillSteps bounds the search for the best filling of one machine.
const fillSteps = 40

const (
	// nearly is how much of the worth of a column must still be there for it to be bought.
	nearly = 0.98
	// late is the part of the cost after which the rest is packed greedily too.
	late = 0.5
	// closeTo is how far the cost may be above the fractional one without more work.
	closeTo = 1.001
	// again is how far it may be above that without another dive.
	again = 1.01
	// rounds bounds how often the linear program is solved again.
	rounds = 30
)

// halves are how much of a column the fractional packing must use for it to be bought, in
// each dive.
var halves = []float64{0.5, 0.8}

// packer packs one demand.
type packer struct {
	problem *lp.Problem
	solver  *lp.Solver
	// floor is what an item is worth at least, so that those which the linear
	// program covers for nothing are packed too.
	floor []float64
}

// Pack returns machines that hold the demand, whose fractional packing is given. Items
// that fit on no kind are left out. improvements is how often machines are taken apart.
func Pack(problem *lp.Problem, solver *lp.Solver, demand []int32, solution lp.Solution, improvements int) []lp.Column {
	p := &packer{problem: problem, solver: solver, floor: floors(problem)}
	goal := closeTo * worth(demand, solution.Values)
	var best []lp.Column
	for _, half := range halves {
		if best == nil || p.cost(best) > again*goal {
			best = p.dive(demand, solution, half, best, goal)
		}
	}
	return p.improve(best, p.values(solution), goal, improvements)
}

// dive buys what the fractional packing uses whole or by so much, again and again for what
// is left, and returns the machines, or the best known when they are cheaper.
func (p *packer) dive(demand []int32, solution lp.Solution, half float64, best []lp.Column, goal float64) []lp.Column {
	rest := slices.Clone(demand)
	var bought []lp.Column
	for round := 0; ; round++ {
		values := p.values(solution)
		whole := p.round(solution, rest, half)
		over := len(whole) == 0 || round == rounds
		// The greedy way is good for the last few machines only.
		if bought = append(bought, whole...); over || p.cost(bought) > late*(p.cost(bought)+worth(rest, values)) {
			limit := math.Inf(1)
			if best != nil {
				limit = p.cost(best) - p.cost(bought)
			}
			if last, ok := p.greedy(slices.Clone(rest), values, limit); ok {
				best = append(slices.Clip(bought), last...)
			}
			over = over || p.cost(bought) >= p.cost(best) || p.cost(best) <= goal
		}
		if over {
			return best
		}
		solution = p.solver.Solve(rest, &solution)
	}
}

func worth(rest []int32, values []float64) (sum float64) {
	for i, count := range rest {
		sum += float64(count) * values[i]
	}
	return sum
}

// floors returns a small part of what each item would cost alone.
func floors(problem *lp.Problem) []float64 {
	floor := make([]float64, len(problem.Items))
	for k := range problem.Kinds {
		kind := &problem.Kinds[k]
		for _, i := range kind.Items {
			if most := problem.Most(kind, int(i)); most > 0 {
				if share := kind.Cost / float64(most) / 1000; floor[i] == 0 || share < floor[i] {
					floor[i] = share
				}
			}
		}
	}
	return floor
}

func (p *packer) values(solution lp.Solution) []float64 {
	values := make([]float64, len(p.floor))
	for i := range values {
		values[i] = max(p.floor[i], solution.Values[i])
	}
	return values
}

func (p *packer) cost(machines []lp.Column) float64 {
	sum := 0.0
	for i := range machines {
		sum += p.problem.Kinds[machines[i].Kind].Cost
	}
	return sum
}

// round takes the machines that the fractional packing uses whole out of the rest,
// then those that it uses most of, as long as nearly all that is on them is still
// there.
func (p *packer) round(solution lp.Solution, rest []int32, half float64) (machines []lp.Column) {
	order := make([]int, len(solution.Amounts))
	for n, amount := range solution.Amounts {
		order[n] = n
		for range int(amount + 1e-6) {
			machines = p.take(machines, solution.Columns[n], rest)
		}
	}
	part := func(n int) float64 { return solution.Amounts[n] - math.Floor(solution.Amounts[n]+1e-6) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(part(b), part(a)) })
	for _, n := range order {
		if len(machines) > 0 && (part(n) < half || p.worth(lp.Trim(solution.Columns[n], rest), solution.Values) < nearly*p.problem.Kinds[solution.Columns[n].Kind].Cost) {
			break
		}
		machines = p.take(machines, solution.Columns[n], rest)
	}
	return machines
}

func (p *packer) worth(c lp.Column, values []float64) float64 {
	sum := 0.0
	for n, item := range c.Items {
		sum += float64(c.Counts[n]) * values[item]
	}
	return sum
}

// take adds a machine with what is still there of a column.
func (p *packer) take(machines []lp.Column, c lp.Column, rest []int32) []lp.Column {
	c = lp.Trim(c, rest)
	if len(c.Items) == 0 {
		return machines
	}
	for n, item := range c.Items {
		rest[item] -= c.Counts[n]
	}
	return append(machines, c)
}

// greedy packs the rest for less than a limit, if it can: again and again the machine
// with the most value for its cost. What a kind can hold only falls as the rest does, so
// that a figure of an earlier turn that is not the greatest need not be computed anew.
func (p *packer) greedy(rest []int32, values []float64, limit float64) (machines []lp.Column, ok bool) {
	ratios := make([]float64, len(p.problem.Kinds))
	fresh := make([]bool, len(ratios))
	columns := make([]lp.Column, len(ratios))
	for k := range ratios {
		ratios[k] = 1e300
	}
	for limit > 1e-9 {
		k := greatest(ratios)
		if k < 0 {
			return machines, true
		}
		if !fresh[k] {
			column, value, ok := p.solver.Fill(k, p.problem.Kinds[k].Capacity, values, rest, fillSteps)
			ratios[k], columns[k], fresh[k] = value/p.problem.Kinds[k].Cost, column, true
			if !ok {
				ratios[k] = 0
			}
			continue
		}
		machines = p.take(machines, p.cheapest(columns[k]), rest)
		limit -= p.problem.Kinds[machines[len(machines)-1].Kind].Cost
		clear(fresh)
	}
	return nil, false
}

// greatest returns the place of the greatest figure above zero, -1 when none is.
func greatest(figures []float64) int {
	best, place := 0.0, -1
	for i, figure := range figures {
		if figure > best {
			best, place = figure, i
		}
	}
	return place
}

// cheapest returns the same items on the kind that holds them at the least cost.
func (p *packer) cheapest(c lp.Column) lp.Column {
	need := p.need(c)
	for k := range p.problem.Kinds {
		kind := &p.problem.Kinds[k]
		if kind.Cost < p.problem.Kinds[c.Kind].Cost && lp.Fits(kind.Capacity, need) > 0 && holds(kind, c.Items) {
			c.Kind = k
		}
	}
	return c
}

func (p *packer) need(c lp.Column) []float64 {
	need := make([]float64, len(p.problem.Kinds[c.Kind].Capacity))
	for n, item := range c.Items {
		for r, x := range p.problem.Items[item].Need {
			need[r] += float64(c.Counts[n]) * x
		}
	}
	return need
}

func holds(kind *lp.Kind, items []int32) bool {
	for _, item := range items {
		if _, ok := slices.BinarySearch(kind.Items, item); !ok {
			return false
		}
	}
	return true
}
