// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/castai/omni/pkg/catalog"
)

// kind are candidates that differ in nothing that any requirement or limit looks at:
// room, profile, template and cost.
type kind struct {
	capacity []float64
	profile  int32
	cost     float64
	template Template
	priority int32
	// members are candidates, in compareCandidates' order.
	members []int32
}

// least is what a machine costs at least, as a part of the dearest: the linear program
// divides by it.
const least = 1e-6

// findKinds returns the kinds of the candidates, the cheapest first; the order does
// not depend on that of the candidates.
func (m *model) findKinds() []kind {
	var kinds []kind
	index := make(map[string]int, len(m.problem.Candidates))
	capacity := make([]float64, len(m.names))
	var key []byte
	costs, lowest := m.costs()
	for i := range m.problem.Candidates {
		c := &m.problem.Candidates[i]
		m.names.fill(capacity, c.Offering.Allocatable)
		cost := max(lowest, costs[i])
		key = binary.LittleEndian.AppendUint32(key[:0], uint32(m.candidateProfiles[i]))
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(cost))
		for _, x := range capacity {
			key = binary.LittleEndian.AppendUint64(key, math.Float64bits(x))
		}
		key = append(key, c.Template.Namespace...)
		key = append(key, 0)
		key = append(key, c.Template.Name...)
		k, ok := index[string(key)]
		if !ok {
			k = len(kinds)
			index[string(key)] = k
			kinds = append(kinds, kind{
				capacity: slices.Clone(capacity), profile: m.candidateProfiles[i], cost: cost, template: c.Template, priority: c.Priority,
			})
		}
		kinds[k].members = append(kinds[k].members, int32(i))
	}
	cheaper := func(a, b int32) int {
		if costs[a] != costs[b] {
			return cmp.Compare(costs[a], costs[b])
		}
		return compareCandidates(&m.problem.Candidates[a], &m.problem.Candidates[b])
	}
	for k := range kinds {
		slices.SortFunc(kinds[k].members, cheaper)
	}
	slices.SortFunc(kinds, func(a, b kind) int { return cheaper(a.members[0], b.members[0]) })
	return kinds
}

// costs returns what each candidate costs, and what one costs at least.
func (m *model) costs() (costs []float64, lowest float64) {
	costs = make([]float64, len(m.problem.Candidates))
	dearest := 0.0
	for i := range costs {
		costs[i] = m.problem.Candidates[i].Cost.Total()
		dearest = max(dearest, costs[i])
	}
	if dearest == 0 {
		return costs, 1
	}
	return costs, dearest * least
}

// compareCandidates is a total order of candidates that differ.
func compareCandidates(a, b *Candidate) int {
	return cmp.Or(
		cmp.Compare(a.Cost.Total(), b.Cost.Total()),
		catalog.Cheaper(a.Offering, b.Offering),
		cmp.Compare(a.Location, b.Location),
		cmp.Compare(a.Template.Namespace, b.Template.Namespace),
		cmp.Compare(a.Template.Name, b.Template.Name),
		cmp.Compare(a.Offering.Region, b.Offering.Region),
	)
}

// prune returns the kinds that are not worse than another in every way: those with as
// much room, for no more, on which as many requirements allow, and alike for limits
// and topologies if asked.
func (m *model) prune(kinds []kind, alike func(a, b *kind) bool) []kind {
	suits := make([]bitset, len(kinds))
	var kept []int
	for k := range kinds {
		suits[k] = m.suitedBy(kinds[k].profile)
		dominated := slices.ContainsFunc(kept, func(other int) bool {
			return tooSmall(kinds[other].capacity, kinds[k].capacity) < 0 && suits[other].contains(suits[k]) &&
				alike(&kinds[other], &kinds[k])
		})
		if !dominated && !suits[k].empty() {
			kept = append(kept, k)
		}
	}
	pruned := make([]kind, len(kept))
	for i, k := range kept {
		pruned[i] = kinds[k]
	}
	return pruned
}

// suitedBy returns the requirements that a profile meets.
func (m *model) suitedBy(profile int32) bitset {
	set := newBitset(len(m.requirements))
	for r := range m.requirements {
		if m.answer(r, profile).refusal == "" {
			set.add(r)
		}
	}
	return set
}

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) contains(other bitset) bool {
	for i := range b {
		if other[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b bitset) empty() bool {
	for _, word := range b {
		if word != 0 {
			return false
		}
	}
	return true
}
