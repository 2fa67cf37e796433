// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import "github.com/castai/omni/pkg/scheduling/lp"

const (
	// choosingSteps is how much may go into the choice of whole machines.
	choosingSteps = 20_000
	// closeTo is how far the bound may be below the cost without more work. It cannot
	// pass the value of the linear program, so that this will do as well.
	closeTo = 1.005
)

// provingSteps are how much may go into a search that proves that one kind of machine
// holds no more: more while the bound is not close.
var provingSteps = []int{0, 3_000, 30_000}

// bound returns what no choice of machines for the placed pods costs less than. It
// leaves topology, limits and whole groups aside.
func (p *plan) bound(base *program) (bound float64) {
	demand, value := make([]int32, len(base.Items)), 0.0
	for c, item := range base.itemOf {
		if item >= 0 {
			placed := int32(len(p.model.classes[c].pods)) - p.left[c]
			demand[item] += placed
			value += base.solution.Values[item] * float64(placed)
		}
	}
	rooms := p.rooms(base, demand)
	// Pods may also be where there is room already, for nothing.
	elsewhere := func(values []float64) (worth float64) {
		for i := range rooms {
			worth += base.solver.Most(&rooms[i], values, demand)
		}
		return worth
	}
	bound, prices := p.pricesFor(base, demand, elsewhere, value)
	if prices == nil || bound*closeTo >= p.cost() {
		return bound
	}
	return base.solver.Whole(bound, p.cost(), prices, demand, elsewhere, choosingSteps)
}

// pricesFor returns the best bound found for which prices of the items are the proof, and
// those. It is not much above the value of the program.
func (p *plan) pricesFor(base *program, demand []int32, elsewhere func([]float64) float64, value float64) (bound float64, prices []float64) {
	for _, steps := range provingSteps {
		for _, values := range [][]float64{base.solution.Cut, base.solution.Values} {
			if bound*closeTo >= min(p.cost(), value) {
				return bound, prices
			}
			worth, proof := base.solver.Bound(values, demand, steps)
			if worth -= elsewhere(proof); worth > bound || prices == nil {
				bound, prices = max(0, worth), proof
			}
		}
	}
	return bound, prices
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
