// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"
)

// extendSteps bounds how many placements are gone through again to see whether they
// hold with one pod more.
const extendSteps = 1_000_000

// extend is the last resort: it gives every pod that is left a place on what is there
// or a machine of these kinds, one after another, until nothing more is placed. What
// was done before chose where to buy first and never came back, but a pod may need a
// domain that another made necessary later, or what a cheaper kind is limited in.
func (p *plan) extend(kinds []kind, wanted []bool) {
	e := &extension{plan: p, wanted: wanted, budget: extendSteps, kinds: slices.Clone(kinds)}
	slices.SortStableFunc(e.kinds, func(a, b kind) int { return cmp.Compare(b.priority, a.priority) })
	e.measure()
	for moved := true; moved; {
		moved = false
		for _, c := range e.mostUrgent() {
			for e.left[c] > 0 && e.one(c) {
				moved = true
			}
		}
	}
}

// extension is a plan that is being extended by machines of some kinds, those of the
// highest priority and then the cheapest first.
type extension struct {
	*plan
	wanted []bool
	kinds  []kind
	budget int
	// largest is the most that a machine of the plan or a kind has of each resource.
	largest []float64
}

func (e *extension) measure() {
	e.largest = make([]float64, len(e.model.names))
	widen := func(room []float64) {
		for r, x := range room {
			e.largest[r] = max(e.largest[r], x)
		}
	}
	for _, m := range e.machines {
		widen(m.free)
	}
	for k := range e.kinds {
		widen(e.kinds[k].capacity)
	}
}

// one places a pod of a class.
func (e *extension) one(c int) bool {
	if e.budget -= len(e.steps); e.budget < 0 {
		return false
	}
	census := e.recount()
	return e.here(c, census) || e.fresh(c, census)
}

// mostUrgent returns the wanted classes that have pods left, by priority, then those first
// that take the most of a machine: there is room for the others longer.
func (e *extension) mostUrgent() (order []int) {
	for c := range e.left {
		if e.wanted[c] && e.left[c] > 0 {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := e.model.classes[a], e.model.classes[b]
		return cmp.Or(cmp.Compare(y.priority, x.priority), cmp.Compare(e.size(y), e.size(x)))
	})
	return order
}

// size is what a pod takes of the largest machine, all resources together.
func (e *extension) size(c *class) (sum float64) {
	for r, n := range c.need {
		if n > 0 {
			sum += n / max(n, e.largest[r])
		}
	}
	return sum
}

// here places a pod of the class on a machine of the plan, after all the others.
func (e *extension) here(c int, census *census) bool {
	class := e.model.classes[c]
	for index, m := range e.machines {
		if tooSmall(m.free, class.need) < 0 && e.model.suits(class, m.profile) && census.allows(c, m.profile, int32(index)) {
			e.put(c, index, 1)
			return true
		}
	}
	return false
}

// fresh places a pod of the class on a new machine. That machine is there from the
// start, as all are, and what is placed already has to hold beside it; what does not
// is placed anew, and there must be one pod more in the end.
func (e *extension) fresh(c int, exact *census) bool {
	class := e.model.classes[c]
	tried := make([]bool, len(e.model.profiles))
	for k := range e.kinds {
		kind := &e.kinds[k]
		if tried[kind.profile] || tooSmall(kind.capacity, class.need) >= 0 || !e.model.suits(class, kind.profile) || e.limit(kind) != "" {
			continue
		}
		tried[kind.profile] = true
		next := int32(len(e.machines))
		e.budget -= len(exact.tallies)
		census := exact.clone()
		census.appear(kind.profile, next, true)
		if !census.allows(c, kind.profile, next) {
			continue
		}
		if e.budget -= len(e.steps); e.budget < 0 {
			return false
		}
		if e.try(c, kind) {
			return true
		}
	}
	return false
}

// try buys a machine of a kind for a pod of the class and keeps it if more pods have a
// place then than before.
func (e *extension) try(c int, k *kind) bool {
	next := e.clone()
	index, ok := next.buy(k)
	if !ok {
		return false
	}
	next.put(c, index, 1)
	next.verify()
	others := &extension{plan: next, wanted: e.wanted, largest: e.largest}
	for moved := true; moved; {
		census := next.recount()
		moved = slices.ContainsFunc(others.mostUrgent(), func(c int) bool { return others.here(c, census) })
	}
	if next.placesMore(e.plan) <= 0 {
		return false
	}
	*e.plan = *next
	return true
}
