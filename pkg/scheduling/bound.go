// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import "github.com/castai/omni/pkg/scheduling/lp"

// boundSteps is how much work may go into the bound alone.
const boundSteps = 4_000_000

// provingSteps are how much may go into the proof that one kind of machine holds no
// more, first and when the bound is farther from the cost than closeTo says.
var provingSteps = []int{3_000, 30_000}

const closeTo = 1.02

// bound returns what no choice of machines for the placed pods costs less than. It
// leaves topology, limits and whole groups aside.
func (p *plan) bound(base *program) (bound float64) {
	demand := make([]int32, len(base.Items))
	for c, item := range base.itemOf {
		if item >= 0 {
			demand[item] += int32(len(p.model.classes[c].pods)) - p.left[c]
		}
	}
	rooms := p.rooms(base, demand)
	relaxed := base.solver.Relax(&base.solution, base.demand, boundSteps)
	for _, steps := range provingSteps {
		if bound*closeTo > p.cost() {
			break
		}
		for _, values := range [][]float64{base.solution.Values, base.solution.Mean, relaxed} {
			worth, prices := base.solver.Bound(values, demand, steps)
			// Pods may also be where there is room already, for nothing.
			for i := range rooms {
				worth -= base.solver.Most(&rooms[i], prices, demand)
			}
			bound = max(bound, worth)
		}
	}
	return bound
}

// rooms returns the room on the nodes there are, as far as some pod fits.
func (p *plan) rooms(base *program, demand []int32) (rooms []lp.Kind) {
	for _, m := range p.model.newPlan().machines {
		room := lp.Kind{}
		for item, count := range demand {
			class := p.model.classes[base.classes[item][0]]
			if count > 0 && tooSmall(m.free, class.need) < 0 && p.model.suits(class, m.profile) {
				room.Items = append(room.Items, int32(item))
			}
		}
		if len(room.Items) > 0 {
			room.Capacity = base.scaled(m.free)
			rooms = append(rooms, room)
		}
	}
	return rooms
}
