// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import "github.com/castai/omni/pkg/scheduling/lp"

// boundSteps is how much work may go into the bound alone.
const boundSteps = 4_000_000

// bound returns what no choice of machines for the placed pods costs less than. It
// leaves topology, limits and whole groups aside. Pods may also be where there is room
// already, which is there for nothing: what that can hold at most is taken off.
func (p *plan) bound(base *program) (bound float64) {
	demand := make([]int32, len(base.Items))
	for c, item := range base.itemOf {
		if item >= 0 {
			demand[item] += int32(len(p.model.classes[c].pods)) - p.left[c]
		}
	}
	relaxed := base.solver.Relax(&base.solution, base.demand, boundSteps)
	for _, values := range [][]float64{base.solution.Values, base.solution.Mean, relaxed} {
		worth, prices := base.solver.Bound(values, demand)
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
				worth -= base.solver.Most(&room, prices, demand)
			}
		}
		bound = max(bound, worth)
	}
	return bound
}
