// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
)

const (
	// together is how many machines are chosen together at most.
	together = 5
	// mixSteps bounds how many mixes are looked at, attempts how many are filled.
	mixSteps = 4000
	attempts = 10
	// mixFillSteps bounds the search for the best filling of a machine of a mix: there is
	// no other one to take what is left.
	mixFillSteps = 200
)

// mixer looks for machines that together have as much of everything as is needed, for
// less than a limit.
type mixer struct {
	// order are the kinds to choose from, those with the most value for their cost first.
	order []int
	cost  []float64 // of each kind in the order
	// have is what each kind in the order has of every resource, and at the end what it can
	// hold of value, as parts of what is needed.
	have      [][]float64
	prospects lp.Prospects
	limit     float64
	steps     int
	at        []int // places of those chosen
	best      []mix
}

// mix is a choice of kinds that may hold all that is needed. Slack is how much it has
// of what is scarcest, as a part of what is needed.
type mix struct {
	kinds []int
	slack float64
}

// mix returns machines that hold the rest for less than the limit, if it finds some. The
// greedy way takes the machine with the most value for its cost, and in the end one that
// may be nearly empty. Here machines are chosen for all of the rest, then filled.
func (p *packer) mix(rest []int32, values []float64, limit float64) ([]lp.Column, bool) {
	m := p.newMixer(rest, values, limit)
	m.choose(0, 0, make([]float64, len(p.problem.Items[0].Need)+1))
	for _, choice := range m.best {
		for _, values := range [][]float64{values, p.scarcity(choice.kinds, rest)} {
			for range 2 {
				if machines, ok := p.fill(choice.kinds, slices.Clone(rest), values); ok {
					return machines, true
				}
				slices.Reverse(choice.kinds)
			}
		}
	}
	return nil, false
}

func (p *packer) newMixer(rest []int32, values []float64, limit float64) *mixer {
	m := &mixer{limit: limit, steps: mixSteps}
	worth := make([]float64, len(p.problem.Kinds))
	for k := range p.problem.Kinds {
		if kind := &p.problem.Kinds[k]; kind.Cost < limit {
			if _, value, ok := p.solver.Fill(k, kind.Capacity, values, rest, fillSteps); ok {
				worth[k] = value
				m.order = append(m.order, k)
			}
		}
	}
	slices.SortStableFunc(m.order, func(a, b int) int {
		return cmp.Compare(worth[b]/p.problem.Kinds[b].Cost, worth[a]/p.problem.Kinds[a].Cost)
	})
	need := append(p.total(rest), p.worth(whole(rest), values))
	for _, k := range m.order {
		have := append(slices.Clone(p.problem.Kinds[k].Capacity), worth[k])
		for r := range have {
			have[r] /= max(need[r], tiny)
		}
		m.have, m.cost = append(m.have, have), append(m.cost, p.problem.Kinds[k].Cost)
	}
	m.prospects = lp.NewProspects(m.cost, m.have)
	return m
}

// tiny keeps divisions from zero.
const tiny = 1e-12

// total is what all of the rest needs of each resource.
func (p *packer) total(rest []int32) []float64 { return p.need(whole(rest)) }

// whole is a column of all of the rest.
func whole(rest []int32) (c lp.Column) {
	for item, count := range rest {
		if count > 0 {
			c.Items, c.Counts = append(c.Items, int32(item)), append(c.Counts, count)
		}
	}
	return c
}

// choose adds machines from a place in the order on to those chosen, which have so much.
func (m *mixer) choose(from int, cost float64, sum []float64) {
	if slack := slices.Min(sum); slack >= 1 {
		m.keep(slack)
		return
	}
	if len(m.at) == together {
		return
	}
	next := make([]float64, len(sum))
	for place := from; place < len(m.order) && m.steps > 0 && m.prospects.Enough(place, m.limit-cost, sum); place++ {
		m.steps--
		if cost+m.cost[place] >= m.limit-1e-9 {
			continue
		}
		for r := range next {
			next[r] = sum[r] + m.have[place][r]
		}
		m.at = append(m.at, place)
		m.choose(place, cost+m.cost[place], next)
		m.at = m.at[:len(m.at)-1]
	}
}

// keep remembers the mixes with the most slack, which are the easiest to fill.
func (m *mixer) keep(slack float64) {
	at, _ := slices.BinarySearchFunc(m.best, slack, func(a mix, slack float64) int { return cmp.Compare(slack, a.slack) })
	if at == attempts {
		return
	}
	kinds := make([]int, len(m.at))
	for n, place := range m.at {
		kinds[n] = m.order[place]
	}
	m.best = slices.Insert(m.best, at, mix{kinds, slack})
	m.best = m.best[:min(len(m.best), attempts)]
}

// scarcity values items by how much of the room of machines of some kinds they need,
// most for what is scarcest.
func (p *packer) scarcity(kinds []int, rest []int32) []float64 {
	need, have := p.total(rest), make([]float64, len(p.problem.Items[0].Need))
	for _, k := range kinds {
		for r, x := range p.problem.Kinds[k].Capacity {
			have[r] += x
		}
	}
	values := make([]float64, len(rest))
	for i := range values {
		for r, n := range p.problem.Items[i].Need {
			if have[r] > 0 {
				part := need[r] / have[r]
				values[i] += n / have[r] * part * part
			}
		}
	}
	return values
}

// fill puts the rest on machines of some kinds, one after the other, if it can.
func (p *packer) fill(kinds []int, rest []int32, values []float64) (machines []lp.Column, ok bool) {
	for _, k := range kinds {
		if column, _, ok := p.solver.Fill(k, p.problem.Kinds[k].Capacity, values, rest, mixFillSteps); ok {
			machines = p.take(machines, p.cheapest(column), rest)
		}
	}
	return machines, !slices.ContainsFunc(rest, func(count int32) bool { return count > 0 })
}
