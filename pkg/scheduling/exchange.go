// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"
)

// exchange puts a pod of a taste from one machine on another, and one of the taste back
// from there in its place, unless that is noTaste.
type exchange struct {
	taste, back int32
	from, to    int
}

const noTaste = -1

// improve exchanges as long as pods like it better then.
func (a *arrangement) improve() {
	for changed := true; changed; {
		changed = false
		for _, i := range a.busy {
			changed = a.relocate(i) || changed
		}
		for _, i := range a.busy {
			for _, taste := range a.tastesOn(i) {
				changed = (a.budget > 0 && a.crowd(taste, i) != nil && a.leave(taste, i)) || changed
			}
		}
	}
	for _, m := range a.machines {
		m.classes = m.classes[:0]
	}
	for _, s := range a.steps {
		a.machines[s.machine].note(s.class)
	}
}

func (a *arrangement) tastesOn(i int) []int32 {
	tastes := make([]int32, len(a.crowds[i]))
	for n := range tastes {
		tastes[n] = a.crowds[i][n].taste
	}
	return tastes
}

// leave exchanges pods of a taste on a machine, to where one of them would like most to be
// if that is possible.
func (a *arrangement) leave(taste int32, from int) (left bool) {
	if len(a.wishes[taste]) == 0 && slices.Min(a.likings[taste]) == slices.Max(a.likings[taste]) {
		return false
	}
	a.count(taste, from, -1)
	here := a.want(taste, from)
	gains := make([]int64, len(a.machines))
	var better []int
	for _, to := range a.busy {
		if gains[to] = a.want(taste, to) - here; gains[to] > 0 && to != from {
			better = append(better, to)
		}
	}
	a.count(taste, from, 1)
	slices.SortStableFunc(better, func(i, j int) int { return cmp.Compare(gains[j], gains[i]) })
	for _, to := range better {
		mixed := a.mixed(from, to)
		for _, back := range append(a.tastesOn(to), noTaste) {
			for x := (exchange{taste, back, from, to}); back != taste && a.fits(x, mixed) && a.try(x); {
				left = true
			}
		}
	}
	return left
}

// mixed says whether unlike pods may be exchanged between two machines: both are bought, from
// templates of the highest priority. Those of a lower one have to hold pods that no other
// template takes.
func (a *arrangement) mixed(from, to int) bool {
	bought := func(m *machine) bool { return m.node < 0 && m.kind.priority == a.highest }
	return a.open && bought(a.machines[from]) && bought(a.machines[to])
}

// fits says whether there is room for an exchange.
func (a *arrangement) fits(x exchange, mixed bool) bool {
	class, back := a.classOf(x.taste), a.classOf(x.back)
	if class == back {
		return true
	}
	if a.budget--; !mixed {
		return false
	}
	from, to := a.machines[x.from], a.machines[x.to]
	if back == nil {
		return tooSmall(to.free, class.need) < 0 && a.model.suits(class, to.profile)
	}
	for r, there := range class.need {
		here := back.need[r]
		if (there > 0 && there > to.free[r]+here) || (here > 0 && here > from.free[r]+there) {
			return false
		}
	}
	return a.model.suits(class, to.profile) && a.model.suits(back, from.profile)
}

// try makes an exchange that fits if there are such pods that like it better.
func (a *arrangement) try(x exchange) bool {
	there, here := a.crowd(x.taste, x.from), a.crowd(x.back, x.to)
	last := len(a.crowds[x.from]) == 1 && there != nil && len(there.steps) == 1
	if there == nil || (x.back == noTaste && last) || (x.back != noTaste && here == nil) {
		return false
	}
	a.count(x.taste, x.from, -1)
	a.count(x.back, x.to, -1)
	if a.pair(x.taste, x.to, x.back, x.from) > a.pair(x.taste, x.from, x.back, x.to) && a.carryOut(x) {
		a.count(x.taste, x.to, 1)
		a.count(x.back, x.from, 1)
		return true
	}
	a.count(x.taste, x.from, 1)
	a.count(x.back, x.to, 1)
	return false
}

// pair says how much two pods that are not counted would like these machines.
func (a *arrangement) pair(taste int32, i int, other int32, j int) int64 {
	sum := a.join(taste, i) + a.want(other, j)
	a.count(taste, i, -1)
	return sum
}

// classOf returns the class of a taste, nil of none.
func (a *arrangement) classOf(taste int32) *class {
	if taste == noTaste {
		return nil
	}
	return a.model.classes[a.class[taste]]
}

// carryOut makes an exchange, unless it is against the topology of any pod.
func (a *arrangement) carryOut(x exchange) bool {
	a.swap(x)
	if a.classOf(x.taste) == a.classOf(x.back) || (a.unseen(x.taste, x) && a.unseen(x.back, x)) || a.holds() {
		return true
	}
	a.swap(exchange{x.taste, x.back, x.to, x.from})
	return false
}

// unseen says whether no rule sees which of two machines a pod is on, as they are in the same
// domains.
func (a *arrangement) unseen(taste int32, x exchange) bool {
	if taste == noTaste {
		return true
	}
	topology, from, to := a.model.topology, a.machines[x.from].profile, a.machines[x.to].profile
	r := topology.rules[a.class[taste]]
	tallies := slices.Concat(r.feeds, r.without, r.affinity)
	for i := range r.spreads {
		tallies = append(tallies, r.spreads[i].tally)
	}
	return len(r.ports) == 0 && !slices.ContainsFunc(tallies, func(n int) bool {
		return topology.tallies[n].key == hostKey || topology.differ(n, from, to)
	})
}

// differ says whether a tally counts machines of two profiles differently, apart from their
// names.
func (t *topology) differ(tally int, a, b int32) bool {
	counted := t.tallies[tally]
	return (counted.key != hostKey && t.domains[counted.key][a] != t.domains[counted.key][b]) ||
		(counted.eligible != nil && counted.eligible[a] != counted.eligible[b])
}

// swap changes the steps of an exchange.
func (a *arrangement) swap(x exchange) {
	there := a.exit(x.from, x.taste)
	class, back := a.classOf(x.taste), a.classOf(x.back)
	if back == nil {
		a.seat(x.taste, there, x.to)
		return
	}
	here := a.exit(x.to, x.back)
	if class == back { // the machines see no difference
		a.steps[there].pod, a.steps[here].pod = a.steps[here].pod, a.steps[there].pod
		a.enter(x.to, x.taste, here)
		a.enter(x.from, x.back, there)
		return
	}
	a.seat(x.taste, there, x.to)
	a.seat(x.back, here, x.from)
}

// seat lets a step end on another machine.
func (a *arrangement) seat(taste, step int32, i int) {
	s := &a.steps[step]
	need := a.model.classes[s.class].need
	add(a.machines[s.machine].free, need, 1)
	add(a.machines[i].free, need, -1)
	s.machine = int32(i)
	a.machines[i].note(s.class)
	a.enter(i, taste, step)
}

// holds says whether the plan is allowed, and puts its steps in an order in which it is.
func (a *arrangement) holds() bool {
	if a.budget -= len(a.steps); a.budget < 0 {
		return false
	}
	next := a.clone()
	if next.replay() {
		return false
	}
	a.steps = next.steps
	a.gather()
	return true
}
