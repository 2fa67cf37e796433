// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// plan is a decision in the making.
type plan struct {
	model *model
	// machines are the nodes that there are, in the order of their names, then
	// those to buy.
	machines []*machine
	// left is how many pods of each class have no machine.
	left []int32
	// steps are the placements, in an order in which each is allowed.
	steps   []step
	budgets map[Template]Budget
}

// step puts a pod of a class on a machine. Which of its pods is open until assign.
type step struct{ class, machine, pod int32 }

// machine is a node that there is, or one to buy.
type machine struct {
	profile int32
	free    []float64
	// node is the place of an existing one among the problem's nodes, else -1.
	node int
	// kind is that of one to buy, and candidate the member that is preferred, nil when
	// they all are alike.
	kind      *kind
	candidate *Candidate
	// classes are those of the pods put on it, each once.
	classes []int32
}

func (m *model) newPlan() *plan {
	p := &plan{model: m, left: make([]int32, len(m.classes)), budgets: map[Template]Budget{}}
	for c, class := range m.classes {
		p.left[c] = int32(len(class.pods))
	}
	maps.Copy(p.budgets, m.problem.Budgets)
	order := make([]int, len(m.problem.Nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareNodes(&m.problem.Nodes[a], &m.problem.Nodes[b]) })
	for _, n := range order {
		p.machines = append(p.machines, &machine{
			profile: m.nodeProfiles[n], free: m.names.vector(m.problem.Nodes[n].Free), node: n,
		})
	}
	return p
}

// candidate is the member of a kind that is bought.
func (m *model) candidate(k *kind) *Candidate { return &m.problem.Candidates[k.members[0]] }

// buy adds a machine of a kind if the budget of its template allows it.
func (p *plan) buy(k *kind) (index int, ok bool) {
	candidate := p.model.candidate(k)
	if budget, bounded := p.budgets[k.template]; bounded {
		if _, ok := budget.allows(candidate); !ok {
			return 0, false
		}
		p.budgets[k.template] = budget.spend(candidate)
	}
	p.machines = append(p.machines, &machine{profile: k.profile, free: slices.Clone(k.capacity), node: -1, kind: k})
	return len(p.machines) - 1, true
}

// put places so many pods of a class on a machine.
func (p *plan) put(class, index int, count int32) {
	m := p.machines[index]
	add(m.free, p.model.classes[class].need, -float64(count))
	m.note(int32(class))
	p.left[class] -= count
	for range count {
		p.steps = append(p.steps, step{class: int32(class), machine: int32(index)})
	}
}

// note adds a class to those on the machine.
func (m *machine) note(class int32) {
	if !slices.Contains(m.classes, class) {
		m.classes = append(m.classes, class)
	}
}

// assign gives every step a pod: those of a class are taken by name.
func (p *plan) assign() {
	next := make([]int32, len(p.left))
	for i := range p.steps {
		s := &p.steps[i]
		s.pod = next[s.class]
		next[s.class]++
	}
}

// decision turns the plan into a Decision. without are groups that were given up.
func (p *plan) decision(without map[group]string) Decision {
	var d Decision
	pods := make([][]*corev1.Pod, len(p.machines))
	for _, s := range p.steps {
		pod := p.model.classes[s.class].pods[s.pod]
		d.Order = append(d.Order, pod)
		if n := p.machines[s.machine].node; n >= 0 {
			d.Placed = append(d.Placed, Placement{pod, p.model.problem.Nodes[n].Name})
		} else {
			pods[s.machine] = append(pods[s.machine], pod)
		}
	}
	for i, m := range p.machines {
		if m.node < 0 && len(pods[i]) > 0 {
			purchase := p.purchase(m, pods[i])
			d.Cost += purchase.Candidate.Cost.Total()
			d.Purchases = append(d.Purchases, purchase)
		}
	}
	for c, class := range p.model.classes {
		if p.left[c] == 0 {
			continue
		}
		reason, given := without[class.group]
		if !given {
			reason = p.reason(c)
		}
		for _, pod := range class.pods[len(class.pods)-int(p.left[c]):] {
			d.Unschedulable = append(d.Unschedulable, Unschedulable{pod, reason})
		}
	}
	return d
}

// purchase names the candidate for a machine, and the next best one for its pods.
func (p *plan) purchase(m *machine, pods []*corev1.Pod) Purchase {
	chosen := cmp.Or(m.candidate, p.model.candidate(m.kind))
	return Purchase{Candidate: *chosen, Pods: pods, RunnerUp: p.runnerUp(m, chosen)}
}

// runnerUp is the cheapest candidate of another type or location that holds what
// is on the machine; the same machine in the next zone would say nothing.
func (p *plan) runnerUp(m *machine, chosen *Candidate) *Candidate {
	used := slices.Clone(m.kind.capacity)
	add(used, m.free, -1)
	kinds := p.model.kinds
	// Cheaper kinds than the chosen one do not hold it, or it would be one of them.
	first, _ := slices.BinarySearchFunc(kinds, m.kind.cost, func(k kind, cost float64) int {
		if k.cost < cost {
			return -1
		}
		return 1
	})
	for k := first; k < len(kinds); k++ {
		if tooSmall(kinds[k].capacity, used) >= 0 || kinds[k].priority != m.kind.priority || !p.suitsAll(m, kinds[k].profile) {
			continue
		}
		for _, member := range kinds[k].members {
			other := &p.model.problem.Candidates[member]
			if other.Offering.InstanceType != chosen.Offering.InstanceType || other.Location != chosen.Location {
				return other
			}
		}
	}
	return nil
}

func (p *plan) suitsAll(m *machine, profile int32) bool {
	return !slices.ContainsFunc(m.classes, func(c int32) bool { return !p.model.suits(p.model.classes[c], profile) })
}

func compareNodes(a, b *Node) int { return cmp.Compare(a.Name, b.Name) }
