// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
)

// placeTied places the tied pods one by one where the rules of their topology let
// them, on machines that there are or on new ones. Some wait for others to be
// near, so it goes round until nothing changes.
func (s *stage) placeTied() {
	order := s.leftOver(true)
	for placed := true; placed; {
		placed = false
		for _, c := range order {
			for s.open(c) && s.placeOne(c) {
				placed = true
			}
		}
	}
}

// leftOver returns the classes of pods that are to be placed, or only the tied ones, the
// hardest first.
func (s *stage) leftOver(tied bool) (order []int) {
	for c, class := range s.model.classes {
		if s.open(c) && (class.tied || !tied) {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.hardness(b, a) })
	return order
}

// hardness orders classes: those with company of their own to look after, then
// those that are worth more, then by their keys.
func (s *stage) hardness(a, b int) int {
	rules := func(c int) int { return len(s.census.topology.rules[c].affinity) }
	return cmp.Or(
		cmp.Compare(s.model.classes[a].priority, s.model.classes[b].priority),
		cmp.Compare(rules(a), rules(b)),
		cmp.Compare(s.worth(a), s.worth(b)),
	)
}

// worth is the value of a pod of a class. The program does not know those that were
// taken back after it was made; they come first.
func (s *stage) worth(class int) float64 {
	if item := s.program.itemOf[class]; item >= 0 {
		return s.values[item]
	}
	return slices.Max(append([]float64{1}, s.values...))
}

// placeOne places a pod of a class, if it can.
func (s *stage) placeOne(c int) bool {
	// The first of many that have to be together chooses the cheapest place for
	// all of them, which need not be where there is room for one.
	if s.founds(c) && s.left[c] > 1 {
		if s.buyFor(c) {
			return true
		}
	}
	if index := s.openMachine(c); index >= 0 {
		s.putTied(c, index)
		return true
	}
	return s.buyFor(c)
}

// founds says whether the next pod of a class is the first that others follow.
func (s *stage) founds(c int) bool {
	r := s.census.topology.rules[c]
	for _, tally := range r.affinity {
		if s.census.tallies[tally].total > 0 {
			return false
		}
	}
	return len(r.affinity) > 0
}

func (s *stage) putTied(c, index int) {
	s.put(c, index, 1)
	s.census.add(c, s.machines[index].profile, int32(index))
}

// openMachine returns the first machine that takes a pod of the class, -1 for none.
func (s *stage) openMachine(c int) int {
	class := s.model.classes[c]
	for index, m := range s.machines {
		if tooSmall(m.free, class.need) < 0 && s.model.suits(class, m.profile) && s.census.allows(c, m.profile, int32(index)) {
			return index
		}
	}
	return -1
}

// clearly is how much more value for its cost a dearer machine must have. What it could
// hold besides may go to another in the end, and the dearer it is the more that costs. Of
// 1 to 1.5 the bills of constrained-1000 at thirty overheads, sizes and scopes are about
// the least at 1.3; at 1 some are twice as high.
const clearly = 1.3

// buyFor buys the machine with the most value for its cost among those that take a
// pod of the class: the value of that pod and of what else it can hold.
func (s *stage) buyFor(c int) bool {
	class := s.model.classes[c]
	next := int32(len(s.machines))
	best, greatest := -1, 0.0
	left := s.others()
	for k := range s.kinds {
		kind := &s.kinds[k]
		if tooSmall(kind.capacity, class.need) >= 0 || !s.model.suits(class, kind.profile) ||
			!s.census.usual(kind) || !s.census.allows(c, kind.profile, next) || s.limit(kind) != "" {
			continue
		}
		if ratio := s.ratio(c, kind, left); ratio > clearly*greatest {
			best, greatest = k, ratio
		}
	}
	if best < 0 {
		return false
	}
	index, ok := s.buy(&s.kinds[best])
	if ok {
		s.census.appear(s.kinds[best].profile, int32(index), true)
		s.putTied(c, index)
	}
	return ok
}

// others is how many of each item may fill a new machine.
func (s *stage) others() []int32 {
	left := make([]int32, len(s.program.Items))
	for other, item := range s.program.itemOf {
		if item >= 0 && s.open(other) {
			left[item] += min(s.left[other], s.together(other))
		}
	}
	return left
}

// together is how many pods of a class may well share a new machine: as many as its
// host may hold more than others, and the share of its other domains when all the
// pods are spread evenly.
func (s *stage) together(c int) int32 {
	most := s.left[c]
	r := s.census.topology.rules[c]
	for i := range r.spreads {
		share := max(1, r.spreads[i].maxSkew)
		if tally := r.spreads[i].tally; s.census.topology.tallies[tally].key != hostKey {
			domains := max(1, s.census.tallies[tally].domains)
			share = max(share, (s.left[c]+domains-1)/domains)
		}
		most = min(most, share)
	}
	if s.model.most(c) > 0 {
		most = min(most, int32(s.model.most(c)))
	}
	return most
}

// ratio is the value that a machine of a kind can hold for its cost, at least one pod
// of the class with it, when it is filled by rank.
func (s *stage) ratio(c int, k *kind, left []int32) float64 {
	free := slices.Clone(k.capacity)
	add(free, s.model.classes[c].need, -1)
	value := s.worth(c)
	for _, item := range s.ranked {
		class := s.model.classes[s.program.classes[item][0]]
		count := left[item]
		if item == s.program.itemOf[c] {
			count--
		}
		if count <= 0 || !s.model.suits(class, k.profile) {
			continue
		}
		if count = min(count, int32(lp.Fits(free, class.need))); count > 0 {
			value += float64(count) * s.values[item]
			add(free, class.need, -float64(count))
		}
	}
	return value / k.cost
}
