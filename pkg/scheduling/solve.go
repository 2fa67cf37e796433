// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Solve places pods on the nodes there are, then chooses machines for the rest at the
// least cost it can find.
func Solve(problem Problem) Decision {
	classes, requirements, unsuited := classify(&problem)
	m := newModel(&problem, classes, requirements)
	base := m.newProgram(m.prune(m.kinds, m.sameLimits), m.everyPod(), m.steps())
	p, without := m.withGroups(base)
	p.assign()
	p.prefer()
	d := p.decision(without)
	d.LowerBound = min(d.Cost, p.bound(base))
	d.Unschedulable = append(unsuited, d.Unschedulable...)
	return d
}

func (m *model) everyPod() []int32 {
	left := make([]int32, len(m.classes))
	for c, class := range m.classes {
		left[c] = int32(len(class.pods))
	}
	return left
}

// solve places the wanted classes: all at once, or, when some are left for whom a
// less urgent pod was placed, the urgent ones first.
func (m *model) solve(base *program, wanted []bool) *plan {
	p := m.newPlan()
	p.tier(base, wanted)
	p.extend(m.kinds, wanted)
	if !p.unjust(wanted) {
		return p
	}
	p = m.newPlan()
	for _, priority := range m.priorities() {
		tier, soFar := slices.Clone(wanted), slices.Clone(wanted)
		for c, class := range m.classes {
			tier[c] = wanted[c] && class.priority == priority
			soFar[c] = wanted[c] && class.priority >= priority
		}
		p.tier(base, tier)
		p.extend(m.kinds, soFar) // an urgent pod may have waited for the company of a less urgent one
	}
	return p
}

func (m *model) priorities() []int32 {
	set := map[int32]bool{}
	for _, class := range m.classes {
		set[class.priority] = true
	}
	priorities := slices.Sorted(maps.Keys(set))
	slices.Reverse(priorities)
	return priorities
}

// unjust says whether a wanted pod is left while one of lower priority is placed.
func (p *plan) unjust(wanted []bool) bool {
	for c, class := range p.model.classes {
		if !wanted[c] || p.left[c] == 0 {
			continue
		}
		for other, lower := range p.model.classes {
			if lower.priority < class.priority && int(p.left[other]) < len(lower.pods) {
				return true
			}
		}
	}
	return false
}

// tier places wanted classes, on machines of the templates of the highest priority
// that take them.
func (p *plan) tier(base *program, wanted []bool) {
	levels := map[int32][]kind{}
	for _, k := range p.model.kinds {
		levels[k.priority] = append(levels[k.priority], k)
	}
	order := slices.SortedFunc(maps.Keys(levels), func(a, b int32) int { return cmp.Compare(b, a) })
	if len(order) == 0 {
		order = []int32{0}
	}
	for _, level := range order {
		program := base
		if len(order) > 1 || !slices.Equal(p.remaining(wanted), p.model.everyPod()) {
			program = p.model.newProgram(p.model.prune(levels[level], p.model.sameLimits), p.remaining(wanted), p.model.steps())
		}
		p.level(program, levels[level], wanted)
		if len(order) > 1 {
			p.extend(levels[level], wanted)
		}
	}
}

// remaining returns how many pods of the wanted classes are left.
func (p *plan) remaining(wanted []bool) []int32 {
	left := slices.Clone(p.left)
	for c := range left {
		if !wanted[c] {
			left[c] = 0
		}
	}
	return left
}

// sameLimits says whether a may be bought whenever b may.
func (m *model) sameLimits(a, b *kind) bool {
	_, bounded := m.problem.Budgets[a.template]
	return !bounded || m.candidate(a).Main() || (a.template == b.template && !m.candidate(b).Main())
}

// level places wanted classes on machines that there are and on kinds, and keeps the
// best of several ways to choose where.
func (p *plan) level(program *program, kinds []kind, wanted []bool) {
	m := p.model
	kinds = m.prune(kinds, func(a, b *kind) bool { return m.sameLimits(a, b) && m.sameDomains(a, b) })
	best := p.clone() // what is bought may cost more pods their place than it gains
	choices := m.choices(program, kinds, wanted)
	for n, choice := range choices {
		if n == len(choices)-1 && best.complete(wanted) {
			break // everywhere is the last resort
		}
		if next := p.place(choice, program, kinds, wanted); next.better(best) {
			best = next
		}
	}
	if p.wants(wanted) <= handful {
		if next := p.oneByOne(kinds, wanted); next.better(best) {
			best = next
		}
	}
	*p = *best
	p.mend(program, kinds, wanted)
	p.drop(program, kinds, wanted)
	p.mend(program, kinds, wanted)
}

// mend tries to place what is left where the machines of the plan let it, one pod at
// a time: caution left it out for machines that were not bought in the end.
func (p *plan) mend(program *program, kinds []kind, wanted []bool) {
	for !p.complete(wanted) {
		next := p.clone()
		s := next.newStage(next.recount(), wanted, kinds, program)
		if !slices.ContainsFunc(s.leftOver(false), s.placeOne) {
			return
		}
		next.verify()
		if !next.better(p) {
			return
		}
		*p = *next
	}
}

// place places wanted classes in chosen domains, as if all that may be bought was there.
func (p *plan) place(chosen []map[int32]bool, program *program, kinds []kind, wanted []bool) *plan {
	next := p.clone()
	census := next.recount()
	census.cautious, census.chosen = true, chosen
	for k := range kinds {
		if census.usual(&kinds[k]) {
			census.appear(kinds[k].profile, -1, false)
		}
	}
	next.newStage(census, wanted, kinds, program).run()
	next.verify()
	next.shrink()
	return next
}

// handful is how many pods are also placed one by one, each where it costs least.
const handful = 64

// oneByOne places the wanted pods one after another, each where it costs least now.
func (p *plan) oneByOne(kinds []kind, wanted []bool) *plan {
	next := p.clone()
	next.extend(kinds, wanted)
	next.shrink()
	return next
}

// wants is how many pods of the wanted classes are left.
func (p *plan) wants(wanted []bool) (pods int) {
	for _, left := range p.remaining(wanted) {
		pods += int(left)
	}
	return pods
}

func (m *model) sameDomains(a, b *kind) bool {
	for key, domains := range m.topology.domains {
		if key != hostKey && domains[a.profile] != domains[b.profile] {
			return false
		}
	}
	return true
}

func (p *plan) complete(wanted []bool) bool {
	for c, left := range p.left {
		if left > 0 && wanted[c] {
			return false
		}
	}
	return true
}

// better says whether a plan places more pods than another, or as many for less.
func (p *plan) better(other *plan) bool {
	more := p.placesMore(other)
	return more > 0 || (more == 0 && p.cost() < other.cost())
}

// placesMore compares how many pods two plans place, those of the highest priority
// on which they differ: above zero if it is more than the other's.
func (p *plan) placesMore(other *plan) int {
	more, highest := map[int32]int{}, int32(math.MinInt32)
	for c, class := range p.model.classes {
		if difference := int(other.left[c] - p.left[c]); difference != 0 {
			more[class.priority] += difference
		}
	}
	for priority, difference := range more {
		if difference != 0 {
			highest = max(highest, priority)
		}
	}
	return more[highest]
}

func (p *plan) cost() (sum float64) {
	for _, m := range p.machines {
		if m.kind != nil {
			sum += m.kind.cost
		}
	}
	return sum
}

func (p *plan) clone() *plan {
	c := *p
	c.left, c.steps, c.budgets = slices.Clone(p.left), slices.Clone(p.steps), maps.Clone(p.budgets)
	c.machines = make([]*machine, len(p.machines))
	for i, m := range p.machines {
		copied := *m
		copied.free, copied.classes = slices.Clone(m.free), slices.Clone(m.classes)
		c.machines[i] = &copied
	}
	return &c
}
