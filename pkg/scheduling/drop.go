// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"
)

const (
	// dropSteps bounds how many placements are made anew to do without machines.
	dropSteps = 30_000
	// few machines are looked at again in any case; more of them, which package pack
	// has improved, only when tied pods are among them.
	few = 8
)

// drop tries to do without each machine that is to be bought, the emptiest first: its
// pods go to the others, or to a cheaper one.
func (p *plan) drop(program *program, kinds []kind, wanted []bool) {
	if len(kinds) == 0 {
		return
	}
	if order := p.emptiest(kinds[0].priority); len(order) > few && !p.anyTied() {
		return
	}
	budget := dropSteps
	for budget > 0 {
		improved := false
		for _, index := range p.emptiest(kinds[0].priority) {
			if budget -= len(p.steps); budget <= 0 {
				return
			}
			next := p.clone()
			next.clear(index)
			s := next.newStage(next.recount(), wanted, kinds, program)
			s.census.cautious = true
			for _, c := range s.leftOver(false) {
				for s.open(c) && s.placeOne(c) {
					continue
				}
			}
			next.verify()
			next.shrink()
			if next.better(p) {
				*p, improved = *next, true
				break
			}
		}
		if !improved {
			return
		}
	}
}

func (p *plan) anyTied() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return p.model.classes[s.class].tied })
}

// emptiest returns the machines that are to be bought from templates of a priority, by
// how much of them is used.
func (p *plan) emptiest(priority int32) (order []int) {
	used := make([]float64, len(p.machines))
	for index, m := range p.machines {
		if m.node >= 0 || m.kind.priority != priority {
			continue
		}
		order = append(order, index)
		for r, capacity := range m.kind.capacity {
			if capacity > 0 {
				used[index] = max(used[index], 1-m.free[r]/capacity)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(used[a], used[b]) })
	return order
}

// clear takes the pods off a machine, and the machine out of the plan.
func (p *plan) clear(index int) {
	p.steps = slices.DeleteFunc(p.steps, func(s step) bool {
		if int(s.machine) != index {
			return false
		}
		p.left[s.class]++
		return true
	})
	p.dropEmpty()
}
