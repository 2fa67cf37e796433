// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"maps"
	"slices"
)

// begin returns a census of the pods that are on nodes, with all machines of the plan
// there.
func (p *plan) begin() *census {
	s := p.model.newCensus()
	for index, m := range p.machines {
		s.appear(m.profile, int32(index), true)
		if m.node < 0 {
			continue
		}
		for _, pod := range p.model.problem.Nodes[m.node].Pods {
			if resident, ok := p.model.residentOf[pod]; ok {
				s.add(int(resident), m.profile, int32(index))
			}
			if ports := hostPorts(&pod.Spec); len(ports) > 0 {
				s.use(int32(index), ports)
			}
		}
	}
	return s
}

// recount returns a census of the pods on nodes and of those that the plan places.
func (p *plan) recount() *census {
	s := p.begin()
	for _, next := range p.steps {
		s.add(int(next.class), p.machines[next.machine].profile, next.machine)
	}
	return s
}

// verify goes through the steps with exactly the machines of the plan, and takes
// back those that the rules forbid then, until all that are left hold: a machine
// that is not there after all can make a constraint harder or easier.
func (p *plan) verify() {
	for {
		forbidden := p.replay()
		empty := p.dropEmpty()
		if !forbidden && !empty {
			return
		}
	}
}

// replay puts the steps in an order in which each is allowed, and takes back those
// that have none.
func (p *plan) replay() (forbidden bool) {
	s := p.begin()
	var order, waiting []step
	for _, next := range p.steps {
		if p.model.classes[next.class].tied {
			waiting = append(waiting, next)
		} else {
			order = append(order, next)
		}
	}
	for moved := true; moved; {
		moved = false
		waiting = slices.DeleteFunc(waiting, func(next step) bool {
			profile := p.machines[next.machine].profile
			if !s.allows(int(next.class), profile, next.machine) {
				return false
			}
			s.add(int(next.class), profile, next.machine)
			order = append(order, next)
			moved = true
			return true
		})
	}
	p.steps = order
	for _, back := range waiting {
		p.left[back.class]++
		add(p.machines[back.machine].free, p.model.classes[back.class].need, 1)
	}
	return len(waiting) > 0
}

// dropEmpty takes machines without pods out of the plan and gives back what they took
// of the budgets.
func (p *plan) dropEmpty() (dropped bool) {
	used := make([]bool, len(p.machines))
	for _, s := range p.steps {
		used[s.machine] = true
	}
	to := make([]int32, len(p.machines))
	var kept []*machine
	for index, m := range p.machines {
		to[index] = int32(len(kept))
		if used[index] || m.node >= 0 {
			kept = append(kept, m)
		}
	}
	if len(kept) == len(p.machines) {
		return false
	}
	p.machines = kept
	for i := range p.steps {
		p.steps[i].machine = to[p.steps[i].machine]
	}
	p.resetBudgets()
	return true
}

func (p *plan) resetBudgets() {
	maps.Copy(p.budgets, p.model.problem.Budgets)
	for _, m := range p.machines {
		if budget, bounded := p.budgets[templateOf(m)]; bounded && m.node < 0 {
			p.budgets[m.kind.template] = budget.spend(p.model.candidate(m.kind))
		}
	}
}

func templateOf(m *machine) Template {
	if m.kind == nil {
		return Template{}
	}
	return m.kind.template
}
