// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"maps"
	"math"
	"slices"
)

// estimate says about what a set of domains of one key costs: every pod takes its part
// of the machine in the domain that is cheapest for it, or, when it is spread, pods go
// to the domains in the numbers that the constraint asks for.
type estimate struct {
	// domains are those in which machines can be bought.
	domains []int32
	classes []estimated
	// penalty is what a pod costs that has no place: more than any other.
	penalty float64
}

// estimated is a class as an estimate sees it.
type estimated struct {
	count int
	// part is what a pod costs in each of the estimate's domains, infinite where
	// nothing takes it.
	part []float64
	// counts says which of them the constraint on the key looks at, nil without one.
	counts           []bool
	maxSkew, domains int
}

// newEstimate prices the wanted classes in every domain.
func (m *model) newEstimate(key int, kinds []kind, wanted []bool) *estimate {
	e := &estimate{}
	place := map[int32]int{}
	of := make([]int, len(kinds))
	for k := range kinds {
		d := m.topology.domains[key][kinds[k].profile]
		if _, known := place[d]; !known {
			place[d] = len(e.domains)
			e.domains = append(e.domains, d)
		}
		of[k] = place[d]
	}
	for c := range m.classes {
		if !wanted[c] {
			continue
		}
		x := m.price(c, key, kinds, of, len(e.domains))
		for _, part := range x.part {
			if !math.IsInf(part, 1) {
				e.penalty = max(e.penalty, part)
			}
		}
		e.classes = append(e.classes, x)
	}
	e.penalty *= float64(1 + len(e.domains))
	return e
}

func (m *model) price(c, key int, kinds []kind, of []int, domains int) estimated {
	class := m.classes[c]
	x := estimated{count: len(class.pods), part: slices.Repeat([]float64{math.Inf(1)}, domains)}
	for k := range kinds {
		if tooSmall(kinds[k].capacity, class.need) >= 0 || !m.suits(class, kinds[k].profile) {
			continue
		}
		part := 0.0
		for r, n := range class.need {
			if n > 0 {
				part = max(part, n/kinds[k].capacity[r])
			}
		}
		x.part[of[k]] = min(x.part[of[k]], part*kinds[k].cost)
	}
	for i := range m.topology.rules[c].spreads {
		rule := &m.topology.rules[c].spreads[i]
		t := m.topology.tallies[rule.tally]
		if t.key != key {
			continue
		}
		x.counts, x.maxSkew, x.domains = make([]bool, domains), int(rule.maxSkew), int(rule.domains)
		for k := range kinds {
			x.counts[of[k]] = x.counts[of[k]] || t.eligible[kinds[k].profile]
		}
	}
	return x
}

// cost estimates that of buying in the chosen domains only.
func (e *estimate) cost(chosen []bool) (sum float64) {
	var parts []float64
	for i := range e.classes {
		x := &e.classes[i]
		parts = parts[:0]
		for d, part := range x.part {
			if chosen[d] && (x.counts == nil || x.counts[d]) {
				parts = append(parts, part)
			}
		}
		slices.Sort(parts)
		sum += e.share(x, parts)
	}
	return sum
}

// share returns what the pods of a class cost when these are their parts in the
// domains, the cheapest first.
func (e *estimate) share(x *estimated, parts []float64) (sum float64) {
	most, least := x.count, 0
	if x.counts != nil && len(parts) > 0 {
		if len(parts) >= x.domains && !math.IsInf(parts[len(parts)-1], 1) {
			least = max(0, (x.count-x.maxSkew*len(parts)+len(parts)-1)/len(parts))
		}
		most = least + x.maxSkew
	}
	rest := x.count - least*len(parts)
	for _, part := range parts {
		if math.IsInf(part, 1) {
			break
		}
		more := min(rest, most-least)
		sum += part * float64(least+more)
		rest -= more
	}
	return sum + e.penalty*float64(rest)
}

// improve adds domains to a set, or takes them away but for those that must stay, one at
// a time, as long as that makes it cheaper.
func (e *estimate) improve(set, stay map[int32]bool) map[int32]bool {
	chosen := make([]bool, len(e.domains))
	for d, domain := range e.domains {
		chosen[d] = set[domain]
	}
	for least := e.cost(chosen); ; {
		best := -1
		for d := range chosen {
			if stay[e.domains[d]] && chosen[d] {
				continue
			}
			chosen[d] = !chosen[d]
			if cost := e.cost(chosen); cost < least {
				best, least = d, cost
			}
			chosen[d] = !chosen[d]
		}
		if best < 0 {
			break
		}
		chosen[best] = !chosen[best]
	}
	improved := maps.Clone(set)
	for d, domain := range e.domains {
		improved[domain] = chosen[d]
	}
	maps.DeleteFunc(improved, func(_ int32, in bool) bool { return !in })
	return improved
}
