// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"maps"
	"slices"
)

// Spread pods count every domain in which there is a machine that they may be on, also
// one that is bought for others: each domain in use costs them a share of their pods
// there. So the domains, such as zones, in which machines may be bought are chosen
// first, in a few ways, and the cheapest plan is taken.

// choices returns sets of domains to try, for every key: those that an estimate finds
// cheapest, those where anything is spent when topology is left aside, and all there
// are.
func (m *model) choices(program *program, kinds []kind, wanted []bool) (choices [][]map[int32]bool) {
	keys := m.spreadKeys(wanted)
	if len(keys) == 0 {
		return [][]map[int32]bool{nil}
	}
	avoided, all := make([]map[int32]bool, len(m.topology.keys)), make([]map[int32]bool, len(m.topology.keys))
	for _, key := range keys {
		avoided[key], all[key] = m.blocking(key, kinds, wanted), map[int32]bool{}
		for k := range kinds {
			all[key][m.topology.domains[key][kinds[k].profile]] = true
		}
	}
	cheapest := m.choice(program, kinds, wanted, 1, avoided)
	for _, key := range keys {
		present := map[int32]bool{}
		m.addPresent(key, wanted, present)
		cheapest[key] = m.newEstimate(key, kinds, wanted).improve(cheapest[key], present)
	}
	for _, choice := range [][]map[int32]bool{cheapest, m.choice(program, kinds, wanted, len(kinds), avoided), all} {
		if !slices.ContainsFunc(choices, func(other []map[int32]bool) bool { return slices.EqualFunc(choice, other, maps.Equal) }) {
			choices = append(choices, choice)
		}
	}
	return choices
}

// choice returns so many of the domains in which most is spent, and those besides that
// are there or that classes need.
func (m *model) choice(program *program, kinds []kind, wanted []bool, count int, avoided []map[int32]bool) []map[int32]bool {
	keys := m.spreadKeys(wanted)
	choice := make([]map[int32]bool, len(m.topology.keys))
	for _, key := range keys {
		choice[key] = m.mostUsed(program, key, count, avoided[key])
		m.addPresent(key, wanted, choice[key])
	}
	for c := range m.classes {
		if wanted[c] {
			m.admit(c, kinds, keys, choice, avoided)
		}
	}
	return choice
}

// spreadKeys returns the keys but the host name that wanted classes are spread by.
func (m *model) spreadKeys(wanted []bool) (keys []int) {
	for c := range m.classes {
		for i := range m.topology.rules[c].spreads {
			key := m.topology.tallies[m.topology.rules[c].spreads[i].tally].key
			if wanted[c] && key != hostKey && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// addPresent adds the domains of nodes that count for a wanted class: they are there
// whether chosen or not.
func (m *model) addPresent(key int, wanted []bool, domains map[int32]bool) {
	for c := range m.classes {
		for i := range m.topology.rules[c].spreads {
			t := m.topology.tallies[m.topology.rules[c].spreads[i].tally]
			if !wanted[c] || t.key != key {
				continue
			}
			for _, profile := range m.nodeProfiles {
				if t.eligible[profile] {
					domains[m.topology.domains[key][profile]] = true
				}
			}
		}
	}
}

// blocking returns the domains in which a machine would keep wanted pods waiting: it
// counts for the constraint of a class that nothing there takes, and the class has
// more pods than the other domains may have more than none.
func (m *model) blocking(key int, kinds []kind, wanted []bool) map[int32]bool {
	domains := m.topology.domains[key]
	blocking := map[int32]bool{}
	for c, class := range m.classes {
		for i := range m.topology.rules[c].spreads {
			rule := &m.topology.rules[c].spreads[i]
			t := m.topology.tallies[rule.tally]
			if !wanted[c] || t.key != key {
				continue
			}
			takes, counts := map[int32]bool{}, map[int32]bool{}
			for k := range kinds {
				if profile := kinds[k].profile; t.eligible[profile] {
					counts[domains[profile]] = true
					takes[domains[profile]] = takes[domains[profile]] ||
						(tooSmall(kinds[k].capacity, class.need) < 0 && m.suits(class, profile))
				}
			}
			maps.DeleteFunc(takes, func(_ int32, taken bool) bool { return !taken })
			if len(class.pods) <= int(rule.maxSkew)*len(takes) {
				continue
			}
			for d := range counts {
				blocking[d] = blocking[d] || !takes[d]
			}
		}
	}
	return blocking
}

// mostUsed returns the domains in which the fractional packing spends most, but for
// those to be avoided.
func (m *model) mostUsed(program *program, key, count int, avoided map[int32]bool) map[int32]bool {
	spent := map[int32]float64{}
	for n, column := range program.solution.Columns {
		k := &program.kinds[column.Kind]
		spent[m.topology.domains[key][k.profile]] += k.cost * program.solution.Amounts[n]
	}
	var domains []int32
	for d := range spent {
		if !avoided[d] {
			domains = append(domains, d)
		}
	}
	slices.SortFunc(domains, func(a, b int32) int { return cmp.Or(cmp.Compare(spent[b], spent[a]), cmp.Compare(a, b)) })
	used := map[int32]bool{}
	for _, d := range domains[:min(count, len(domains))] {
		used[d] = true
	}
	return used
}

// admit adds the domains of the cheapest machines for a class until it has as many
// to be in as its constraints ask for: of those that are chosen, then of those not to
// be avoided.
func (m *model) admit(c int, kinds []kind, keys []int, choice, avoided []map[int32]bool) {
	class := m.classes[c]
	need := 1
	for i := range m.topology.rules[c].spreads {
		need = max(need, int(m.topology.rules[c].spreads[i].domains))
	}
	have := map[int32]bool{}
	for _, among := range []func(key int, d int32) bool{
		func(key int, d int32) bool { return choice[key][d] },
		func(key int, d int32) bool { return !avoided[key][d] },
		func(int, int32) bool { return true },
	} {
		for k := range kinds {
			kind := &kinds[k]
			if len(have) >= need {
				return
			}
			if !m.suits(class, kind.profile) || tooSmall(kind.capacity, class.need) >= 0 {
				continue
			}
			if slices.ContainsFunc(keys, func(key int) bool { return !among(key, m.topology.domains[key][kind.profile]) }) {
				continue
			}
			for _, key := range keys {
				choice[key][m.topology.domains[key][kind.profile]] = true
			}
			have[m.topology.domains[keys[0]][kind.profile]] = true
		}
	}
}
