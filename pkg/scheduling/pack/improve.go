// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
)

// apart is how many machines are taken apart at once, at most.
const apart = 4

// patience is how often in a row it may not help.
const patience = 24

// improve takes a few machines apart, those that hold little for their cost more
// often, gives their items to the room of the others, and packs the rest anew: so
// many times, keeping what is cheaper, but no longer than it helps or is worth it.
func (p *packer) improve(machines []lp.Column, values []float64, goal float64, times int) []lp.Column {
	for i := range machines {
		machines[i] = p.cheapest(machines[i])
	}
	var picks sequence
	tried := make([]float64, len(values))
	last := 0
	for turn := range times {
		if len(machines) == 0 || turn-last > patience || p.cost(machines) <= goal {
			break
		}
		// The prices of the linear program would lead to the same machines.
		for i, value := range values {
			tried[i] = value
			if turn > 0 {
				tried[i] *= 0.8 + 0.4*picks.next()
			}
		}
		p.leastWorthFirst(machines, values)
		size := min(1+turn%apart, len(machines))
		if better, ok := p.repack(machines, picks.places(len(machines), size), tried); ok {
			machines, last = better, turn
		}
	}
	return machines
}

func (p *packer) leastWorthFirst(machines []lp.Column, values []float64) {
	worth := func(c *lp.Column) float64 { return p.worth(*c, values) / p.problem.Kinds[c.Kind].Cost }
	slices.SortStableFunc(machines, func(a, b lp.Column) int { return cmp.Compare(worth(&a), worth(&b)) })
}

// repack returns the machines with those at some places packed anew, if it is cheaper.
func (p *packer) repack(machines []lp.Column, places []int, values []float64) ([]lp.Column, bool) {
	rest := make([]int32, len(p.problem.Items))
	spent := 0.0
	packing := make([]lp.Column, 0, len(machines))
	for i, c := range machines {
		if !slices.Contains(places, i) {
			packing = append(packing, c)
			continue
		}
		spent += p.problem.Kinds[c.Kind].Cost
		for n, item := range c.Items {
			rest[item] += c.Counts[n]
		}
	}
	for i := range packing {
		packing[i] = p.top(packing[i], rest, values)
	}
	renewed, ok := p.greedy(slices.Clone(rest), values, spent)
	if !ok {
		renewed, ok = p.mix(rest, values, spent)
	}
	return append(packing, renewed...), ok
}

// top puts what it can of the rest on a machine that has room.
func (p *packer) top(c lp.Column, rest []int32, values []float64) lp.Column {
	kind := &p.problem.Kinds[c.Kind]
	free := p.need(c)
	for r := range free {
		free[r] = kind.Capacity[r] - free[r]
	}
	if !p.room(kind, free, rest) {
		return c
	}
	left := p.allowed(c, rest)
	more, _, ok := p.solver.Fill(c.Kind, free, values, left, fillSteps)
	if !ok {
		return c
	}
	merged := lp.Column{Kind: c.Kind, Items: slices.Clone(c.Items), Counts: slices.Clone(c.Counts)}
	for n, item := range more.Items {
		rest[item] -= more.Counts[n]
		at, found := slices.BinarySearch(merged.Items, item)
		if !found {
			merged.Items = slices.Insert(merged.Items, at, item)
			merged.Counts = slices.Insert(merged.Counts, at, 0)
		}
		merged.Counts[at] += more.Counts[n]
	}
	return merged
}

func (p *packer) room(kind *lp.Kind, free []float64, rest []int32) bool {
	return slices.ContainsFunc(kind.Items, func(item int32) bool {
		return rest[item] > 0 && lp.Fits(free, p.problem.Items[item].Need) > 0
	})
}

// allowed returns how many of the rest may still go on a machine where only so many
// of an item may be.
func (p *packer) allowed(c lp.Column, rest []int32) []int32 {
	left := rest
	for n, item := range c.Items {
		if most := p.problem.Items[item].Most; most > 0 {
			if &left[0] == &rest[0] {
				left = slices.Clone(rest)
			}
			left[item] = min(left[item], max(0, int32(most)-c.Counts[n]))
		}
	}
	return left
}

// sequence is a fixed sequence of numbers that looks random: a linear congruential
// generator with Knuth's constants for MMIX, so that every run is the same.
type sequence uint64

func (s *sequence) next() float64 {
	*s = *s*6364136223846793005 + 1442695040888963407
	return float64(*s>>11) / (1 << 53)
}

// places returns so many different numbers below n, small ones more often.
func (s *sequence) places(n, count int) (places []int) {
	for len(places) < count {
		x := s.next()
		place := int(x * x * float64(n))
		for slices.Contains(places, place) {
			place = (place + 1) % n
		}
		places = append(places, place)
	}
	return places
}
