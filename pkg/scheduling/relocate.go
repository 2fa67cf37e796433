// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import "slices"

// choice is what a machine may be for the same cost. Its profile is that in the tastes' view.
type choice struct {
	candidate *Candidate
	kind      *kind
	profile   int32
}

// choose finds the choices of all machines, and the tastes of the pods in view of these.
func (a *arrangement) choose() {
	var candidates []Candidate
	of := map[*kind][]choice{}
	for _, m := range a.machines {
		if m.node >= 0 || of[m.kind] != nil {
			continue
		}
		of[m.kind] = a.choicesOf(m.kind)
		for n, c := range of[m.kind] {
			of[m.kind][n].profile = int32(len(candidates)) // its place, for now
			candidates = append(candidates, *c.candidate)
		}
	}
	a.tastes = a.newTastes(candidates)
	for k, choices := range of {
		for n := range choices {
			choices[n].profile = a.view.candidateProfiles[choices[n].profile]
		}
		of[k] = distinct(choices)
	}
	for _, m := range a.machines {
		a.choices = append(a.choices, of[m.kind])
	}
}

// choicesOf returns what a machine of a kind may be: a candidate with as much room, from
// the same template, for the same cost, that counts alike for its limits. The first is the
// kind's own first. Another kind may be against what others require, so that it is for plans
// that are open, like the exchange of unlike pods.
func (a *arrangement) choicesOf(k *kind) (choices []choice) {
	first := a.model.candidate(k)
	_, bounded := a.model.problem.Budgets[k.template]
	addMembers := func(k *kind) {
		for _, member := range k.members {
			c := &a.model.problem.Candidates[member]
			if c.Cost.Total() == first.Cost.Total() && c.Main() == first.Main() && (!bounded || sameAmount(c, first)) {
				choices = append(choices, choice{candidate: c, kind: k})
			}
		}
	}
	addMembers(k)
	for i := range a.model.kinds {
		other := &a.model.kinds[i]
		if a.open && k.priority == a.highest && other.cost == k.cost && other.template == k.template && other.profile != k.profile && slices.Equal(other.capacity, k.capacity) {
			addMembers(other)
		}
	}
	return choices
}

// sameAmount says whether limits count two candidates alike.
func sameAmount(a, b *Candidate) bool {
	milliCPU, memory, price := a.Capacity()
	otherCPU, otherMemory, otherPrice := b.Capacity()
	return milliCPU == otherCPU && memory == otherMemory && price == otherPrice && a.Offering.GPUs == b.Offering.GPUs
}

// distinct leaves out the choices that are nothing new to tastes.
func distinct(choices []choice) (list []choice) {
	for _, c := range choices {
		if !slices.ContainsFunc(list, func(other choice) bool { return other.profile == c.profile }) {
			list = append(list, c)
		}
	}
	return list
}

// relocate makes a machine what its pods and those around it like best.
func (a *arrangement) relocate(i int) bool {
	if len(a.choices[i]) < 2 || a.budget <= 0 {
		return false
	}
	now := a.places[i].profile
	a.vacate(i)
	best, greatest := -1, a.fill(i)
	for n := range a.choices[i] {
		c := &a.choices[i][n]
		if c.profile == now {
			continue
		}
		a.vacate(i)
		a.locate(i, c.profile)
		if sum := a.fill(i); sum > greatest && a.become(i, c) {
			best, greatest = n, sum
		}
	}
	if best >= 0 {
		now = a.choices[i][best].profile
	}
	a.vacate(i)
	a.locate(i, now)
	a.fill(i)
	return best >= 0
}

// vacate counts the pods of a machine no more, and fill counts them again, and says how
// much they like that.
func (a *arrangement) vacate(i int) {
	for _, c := range a.crowds[i] {
		a.count(c.taste, i, -int32(len(c.steps)))
	}
}

func (a *arrangement) fill(i int) (sum int64) {
	for _, c := range a.crowds[i] {
		// Each of them likes it by as much more or less than the one before.
		n := int64(len(c.steps))
		first := a.join(c.taste, i)
		sum += n*first + (a.want(c.taste, i)-first)*n*(n-1)/2
		a.count(c.taste, i, int32(n)-1)
	}
	return sum
}

// become makes a machine another candidate, unless that is against what is required.
func (a *arrangement) become(i int, c *choice) bool {
	m := a.machines[i]
	before := *m
	m.candidate, m.kind, m.profile = c.candidate, c.kind, c.kind.profile
	seen := false
	for tally := range a.model.topology.tallies {
		seen = seen || a.model.topology.differ(tally, before.profile, m.profile)
	}
	if a.suitsAll(m, m.profile) && (!seen || a.holds()) {
		return true
	}
	*m = before
	return false
}
