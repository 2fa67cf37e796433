// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// arrangeSteps bounds how often it is asked whether a pod would fit on a machine, or how
// much it would like that, or a placement is gone through again. A step takes some 40
// nanoseconds; more of them satisfy more preferences, by ever less.
const arrangeSteps = 45_000

// tiedSteps are more of them for every pod that is tied, whose exchanges have to be gone
// through again with all others.
const tiedSteps = 200

// arrangement is a plan whose pods and machines are exchanged for others that cost the
// same. Every exchange makes the sum of what is preferred greater.
type arrangement struct {
	*plan
	*tastes
	// choices are what each machine may be; the first is what it is.
	choices [][]choice
	crowds  [][]crowd
	// busy are the machines with pods of the plan: always the same ones.
	busy []int
	// places are those of the machines.
	places []place
	// counts are by tally and domain.
	counts [][]int32
	// open says that more may change than what no requirement can tell apart.
	open bool
	// highest is the priority of the first templates.
	highest int32
	budget  int
}

// crowd are the steps that put pods of a taste on a machine.
type crowd struct {
	taste int32
	steps []int32
}

// place is a machine as tastes see it: its profile in their view, and its domain for each
// of their keys, -1 for none.
type place struct {
	profile int32
	domains []int32
}

func (p *plan) newArrangement() *arrangement {
	budget := arrangeSteps
	for _, s := range p.steps {
		if p.model.classes[s.class].tied {
			budget += tiedSteps
		}
	}
	a := &arrangement{plan: p, budget: budget, open: p.settled(), highest: math.MinInt32}
	for k := range p.model.kinds {
		a.highest = max(a.highest, p.model.kinds[k].priority)
	}
	a.choose()
	for _, t := range a.company.tallies {
		domains := len(p.machines)
		if t.key != hostKey {
			domains = len(a.company.names[t.key])
		}
		a.counts = append(a.counts, make([]int32, domains))
	}
	a.places = make([]place, len(p.machines))
	for i, m := range p.machines {
		if m.node < 0 {
			a.locate(i, a.choices[i][0].profile)
			continue
		}
		a.locate(i, a.view.nodeProfiles[m.node])
		for _, pod := range p.model.problem.Nodes[m.node].Pods {
			if sort, ok := a.view.residentOf[pod]; ok {
				a.count(sort, i, 1)
			}
		}
	}
	a.gather()
	for i, crowds := range a.crowds {
		if len(crowds) > 0 {
			a.busy = append(a.busy, i)
		}
		for _, c := range crowds {
			a.count(c.taste, i, int32(len(c.steps)))
		}
	}
	return a
}

// settled says whether no pod is left that anything could hold: an exchange of unlike pods
// could make room for it.
func (p *plan) settled() bool {
	m := p.model
	for c, class := range m.classes {
		if p.left[c] == 0 {
			continue
		}
		if slices.ContainsFunc(m.kinds, func(k kind) bool { return tooSmall(k.capacity, class.need) < 0 && m.suits(class, k.profile) }) {
			return false
		}
		for n, profile := range m.nodeProfiles {
			if tooSmall(m.names.vector(m.problem.Nodes[n].Free), class.need) < 0 && m.suits(class, profile) {
				return false
			}
		}
	}
	return true
}

// gather sorts the steps by machine and taste.
func (a *arrangement) gather() {
	a.crowds = make([][]crowd, len(a.machines))
	for n, s := range a.steps {
		a.enter(int(s.machine), a.of[s.class][s.pod], int32(n))
	}
}

// crowd returns that of a taste on a machine, nil for none.
func (a *arrangement) crowd(taste int32, i int) *crowd {
	for n := range a.crowds[i] {
		if a.crowds[i][n].taste == taste {
			return &a.crowds[i][n]
		}
	}
	return nil
}

func (a *arrangement) enter(i int, taste, step int32) {
	c := a.crowd(taste, i)
	if c == nil {
		a.crowds[i] = append(a.crowds[i], crowd{taste: taste})
		c = &a.crowds[i][len(a.crowds[i])-1]
	}
	c.steps = append(c.steps, step)
}

// exit takes the last step of a taste off a machine.
func (a *arrangement) exit(i int, taste int32) (step int32) {
	c := a.crowd(taste, i)
	step = c.steps[len(c.steps)-1]
	c.steps = c.steps[:len(c.steps)-1]
	a.crowds[i] = slices.DeleteFunc(a.crowds[i], func(c crowd) bool { return len(c.steps) == 0 })
	return step
}

// locate says of what profile a machine is, while no pod on it is counted.
func (a *arrangement) locate(i int, profile int32) {
	domains := make([]int32, len(a.company.keys))
	for key := range domains {
		if key != hostKey {
			domains[key] = a.company.domains[key][profile]
		} else if _, has := a.view.profiles[profile].node.Labels[corev1.LabelHostname]; has {
			domains[key] = int32(i)
		} else {
			domains[key] = -1
		}
	}
	a.places[i] = place{profile, domains}
}

// domain returns that of a machine for a tally, -1 when the machine does not count.
func (a *arrangement) domain(tally, i int) int32 {
	t := a.company.tallies[tally]
	if t.eligible != nil && !t.eligible[a.places[i].profile] {
		return -1
	}
	return a.places[i].domains[t.key]
}

// count counts so many pods more of a taste, or of a sort of those on nodes, on a machine.
func (a *arrangement) count(taste int32, i int, more int32) {
	if taste == noTaste {
		return
	}
	for _, tally := range a.company.rules[taste].feeds {
		if d := a.domain(tally, i); d >= 0 {
			a.counts[tally][d] += more
		}
	}
}

// want says how much a pod would like to be on a machine that it is not counted on.
func (a *arrangement) want(taste int32, i int) (sum int64) {
	if taste == noTaste {
		return 0
	}
	a.budget--
	sum = a.likings[taste][a.places[i].profile]
	for _, w := range a.wishes[taste] {
		if d := a.domain(w.tally, i); d >= 0 {
			sum += w.weight * int64(a.counts[w.tally][d])
		}
	}
	return sum
}

// join counts a pod on a machine, and says how much it likes that.
func (a *arrangement) join(taste int32, i int) int64 {
	wanted := a.want(taste, i)
	a.count(taste, i, 1)
	return wanted
}
