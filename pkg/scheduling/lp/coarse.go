// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"encoding/binary"
	"math"
	"slices"
)

// coarseRows is how many items the coarser problem may have.
const coarseRows = 160

// grids are how much larger the largest of items that are taken for one may be than the
// smallest, in each resource: the finest that leaves few enough items is used.
var grids = []float64{1.1, 1.25, 1.5, 2, 4, 16, 256}

// estimate values many items by those of a coarser problem, in which items of like size
// are one that needs the least that any of them does. What no machine could be worth
// more than it costs with those cannot be with the larger ones: the bound holds.
func (s *Solver) estimate(solution *Solution, alone []Column, demand []int32) {
	for i, c := range alone {
		if len(c.Items) > 0 {
			solution.Values[i] = s.problem.Kinds[c.Kind].Cost / float64(c.Counts[0])
		}
	}
	solution.Cut = slices.Clone(solution.Values)
	kinds := s.kindsOf(len(demand))
	for _, grid := range grids {
		coarse, of := s.coarse(demand, kinds, grid)
		if len(coarse.Items) > coarseRows {
			continue
		}
		counts := make([]int32, len(coarse.Items))
		for i := range counts {
			counts[i] = int32(coarse.Items[i].Count)
		}
		found := NewSolver(coarse, s.budget).Solve(counts, nil)
		for i, item := range of {
			if item >= 0 {
				solution.Values[i], solution.Cut[i] = found.Values[item], found.Cut[item]
			}
		}
		return
	}
}

// kindsOf returns for every item the kinds it may be on, as bytes.
func (s *Solver) kindsOf(items int) [][]byte {
	kinds := make([][]byte, items)
	for k, f := range s.fillers {
		for _, i := range f.kind.Items {
			kinds[i] = binary.AppendUvarint(kinds[i], uint64(k))
		}
	}
	return kinds
}

// coarse returns the problem with items of like size taken for one, and which one each
// item is in, -1 for those that are not in demand.
func (s *Solver) coarse(demand []int32, kinds [][]byte, grid float64) (*Problem, []int32) {
	coarse, of := &Problem{}, make([]int32, len(demand))
	index := map[string]int32{}
	var key []byte
	for i := range s.problem.Items {
		of[i] = -1
		if demand[i] == 0 || len(kinds[i]) == 0 {
			continue
		}
		item := &s.problem.Items[i]
		key = binary.AppendVarint(key[:0], int64(item.Most))
		for _, n := range item.Need {
			place := int64(math.MinInt32)
			if n > 0 {
				place = int64(math.Floor(math.Log(n) / math.Log(grid)))
			}
			key = binary.AppendVarint(key, place)
		}
		key = append(key, kinds[i]...)
		at, ok := index[string(key)]
		if !ok {
			at = int32(len(coarse.Items))
			index[string(key)] = at
			coarse.Items = append(coarse.Items, Item{Need: append([]float64(nil), item.Need...), Most: item.Most})
		}
		of[i] = at
		together := &coarse.Items[at]
		together.Count += int(demand[i])
		for r, n := range item.Need {
			together.Need[r] = min(together.Need[r], n)
		}
	}
	for k := range s.problem.Kinds {
		kind := Kind{Capacity: s.problem.Kinds[k].Capacity, Cost: s.problem.Kinds[k].Cost}
		seen := make([]bool, len(coarse.Items))
		for _, i := range s.problem.Kinds[k].Items {
			if of[i] >= 0 {
				seen[of[i]] = true
			}
		}
		for at, is := range seen {
			if is {
				kind.Items = append(kind.Items, int32(at))
			}
		}
		coarse.Kinds = append(coarse.Kinds, kind)
	}
	return coarse, of
}
