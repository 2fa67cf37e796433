// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import "slices"

// shrink puts the pods of every machine that is to be bought on the cheapest kind that
// holds them and looks the same to every rule. What a machine was bought to hold may
// have gone elsewhere.
func (p *plan) shrink() {
	var same []float64
	var kept *kind
	for _, m := range p.machines {
		if m.node >= 0 {
			continue
		}
		used := slices.Clone(m.kind.capacity)
		add(used, m.free, -1)
		if m.kind == kept && slices.Equal(used, same) {
			continue // as the machine before, often one of many
		}
		same, kept = used, m.kind
		for k := range p.model.kinds {
			kind := &p.model.kinds[k]
			if kind.cost >= m.kind.cost {
				break
			}
			if kind.profile == m.profile && kind.template == m.kind.template && tooSmall(kind.capacity, used) < 0 && p.affords(m.kind, kind) {
				m.kind, m.free = kind, slices.Clone(kind.capacity)
				add(m.free, used, -1)
				p.resetBudgets()
				kept = nil
				break
			}
		}
	}
}

// affords says whether the budget of their template has room for a kind in the place of
// another: a cheaper machine may have more of what is limited.
func (p *plan) affords(old, kind *kind) bool {
	budget, bounded := p.budgets[kind.template]
	if !bounded {
		return true
	}
	before, after := p.model.candidate(old), p.model.candidate(kind)
	milliCPU, memory, price := before.Capacity()
	moreCPU, moreMemory, morePrice := after.Capacity()
	_, ok := budget.allows(after)
	return ok || (moreCPU <= milliCPU && moreMemory <= memory && morePrice <= price && after.Offering.GPUs <= before.Offering.GPUs)
}
