// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// census counts pods by domain, for the rules of a topology.
type census struct {
	model    *model
	topology *topology
	tallies  []tally
	// ports in use by machine.
	ports [][]hostPort
	// cautious says that machines may be added after pods were placed, each of them
	// a host without any of the pods.
	cautious bool
	// chosen are, for each key that pods are spread by, the domains where machines
	// may be bought; nil for all.
	chosen []map[int32]bool
}

// tally is the count of some pods in each domain.
type tally struct {
	counts  []int32
	total   int32
	present []bool
	domains int32
	least   int32
	fresh   bool // least is up to date
}

func (m *model) newCensus() *census {
	return &census{model: m, topology: m.topology, tallies: make([]tally, len(m.topology.tallies))}
}

// clone copies what appear and add change, but for the ports.
func (s *census) clone() *census {
	c := *s
	c.tallies = slices.Clone(s.tallies)
	for i := range c.tallies {
		c.tallies[i].counts, c.tallies[i].present = slices.Clone(c.tallies[i].counts), slices.Clone(c.tallies[i].present)
	}
	return &c
}

// domain returns that of a machine for a key, -1 when it has none.
func (s *census) domain(key int, profile, machine int32) int32 {
	if key != hostKey {
		return s.topology.domains[key][profile]
	}
	if _, has := s.model.profiles[profile].node.Labels[corev1.LabelHostname]; !has {
		return -1
	}
	return machine
}

// appear makes the domains of a machine known: its own ones, or only those it shares
// with others.
func (s *census) appear(profile, machine int32, hosts bool) {
	for i, t := range s.topology.tallies {
		if !t.spread || !t.eligible[profile] || (t.key == hostKey && !hosts) {
			continue
		}
		if d := s.domain(t.key, profile, machine); d >= 0 {
			s.tallies[i].appear(d)
		}
	}
}

func (t *tally) appear(domain int32) {
	t.grow(domain)
	if !t.present[domain] {
		t.present[domain] = true
		t.domains++
		t.fresh = false
	}
}

func (t *tally) grow(domain int32) {
	for int(domain) >= len(t.counts) {
		t.counts, t.present = append(t.counts, 0), append(t.present, false)
	}
}

func (t *tally) count(domain int32) int32 {
	if int(domain) >= len(t.counts) {
		return 0
	}
	return t.counts[domain]
}

// lowest returns the least count of a domain that is present.
func (t *tally) lowest() int32 {
	if !t.fresh {
		first := true
		for d, present := range t.present {
			if present && (first || t.counts[d] < t.least) {
				t.least, first = t.counts[d], false
			}
		}
		t.fresh = true
	}
	return t.least
}

// add counts a pod of a class, or a resident, on a machine.
func (s *census) add(class int, profile, machine int32) {
	r := s.topology.rules[class]
	for _, i := range r.feeds {
		t := s.topology.tallies[i]
		if t.eligible != nil && !t.eligible[profile] {
			continue
		}
		if d := s.domain(t.key, profile, machine); d >= 0 {
			s.tallies[i].grow(d)
			s.tallies[i].counts[d]++
			s.tallies[i].total++
			s.tallies[i].fresh = false
		}
	}
	if len(r.ports) > 0 {
		s.use(machine, r.ports)
	}
}

func (s *census) use(machine int32, ports []hostPort) {
	for int(machine) >= len(s.ports) {
		s.ports = append(s.ports, nil)
	}
	s.ports[machine] = append(s.ports[machine], ports...)
}

// allows says whether the rules of a class let one more pod onto a machine.
func (s *census) allows(class int, profile, machine int32) bool {
	r := s.topology.rules[class]
	for i := range r.spreads {
		if !s.spreads(&r.spreads[i], profile, machine) {
			return false
		}
	}
	for _, i := range r.without {
		if d := s.domain(s.topology.tallies[i].key, profile, machine); d >= 0 && s.tallies[i].count(d) > 0 {
			return false
		}
	}
	if len(r.ports) > 0 && int(machine) < len(s.ports) && collide(r.ports, s.ports[machine]) {
		return false
	}
	return s.attracts(r, profile, machine)
}

func (s *census) spreads(rule *spread, profile, machine int32) bool {
	t := &s.tallies[rule.tally]
	key := s.topology.tallies[rule.tally].key
	d := s.domain(key, profile, machine)
	if d < 0 {
		return false
	}
	least := t.lowest()
	if t.domains < rule.domains || (s.cautious && key == hostKey) {
		least = 0
	}
	return t.count(d)+rule.self-least <= rule.maxSkew
}

// attracts says whether the pods that a class has to be with are there, or nowhere
// and the pod is one of them.
func (s *census) attracts(r *rules, profile, machine int32) bool {
	there, total := true, int32(0)
	for _, i := range r.affinity {
		d := s.domain(s.topology.tallies[i].key, profile, machine)
		if d < 0 {
			return false
		}
		there = there && s.tallies[i].count(d) > 0
		total += s.tallies[i].total
	}
	return there || (total == 0 && r.selfAffine)
}

// usual says whether a machine of a kind would be in domains that are chosen.
func (s *census) usual(k *kind) bool {
	for key, domains := range s.chosen {
		if domains == nil {
			continue
		}
		if d := s.domain(key, k.profile, -1); d >= 0 && !domains[d] {
			return false
		}
	}
	return true
}
