// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"cmp"
	"slices"
)

// prepare sorts the items by what they are worth for the resources they use. The
// order of the last call is nearly right.
func (f *filler) prepare(values []float64, left []int32) {
	f.active, f.idle = 0, f.idle[:0]
	for _, place := range f.order {
		i := f.kind.Items[place]
		if values[i] <= 0 || f.mostOf(int(place), left) == 0 {
			f.idle = append(f.idle, place)
			continue
		}
		f.rank[place] = values[i] / (dot(f.lambda, f.problem.Items[i].Need) + tiny)
		f.order[f.active] = place
		f.active++
	}
	copy(f.order[f.active:], f.idle)
	f.sort(f.order[:f.active])
	for at, place := range f.order[:f.active] {
		i := f.kind.Items[place]
		f.need[at], f.value[at], f.most[at] = f.problem.Items[i].Need, values[i], f.mostOf(int(place), left)
		f.gain[at] = values[i] - dot(f.lambda, f.need[at])
	}
	f.addRest()
}

// fewPlaces is how many are sorted by insertion, which is fast when they nearly are.
const fewPlaces = 64

func (f *filler) sort(order []int32) {
	if len(order) > fewPlaces {
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(f.rank[b], f.rank[a]) })
		return
	}
	for at := 1; at < len(order); at++ {
		moving := order[at]
		to := at
		for to > 0 && f.rank[order[to-1]] < f.rank[moving] {
			order[to] = order[to-1]
			to--
		}
		order[to] = moving
	}
}

// addRest computes what the later items add to the bounds.
func (f *filler) addRest() {
	rows := len(f.kind.Capacity)
	f.rest[f.active] = 0
	clear(f.yield[f.active*rows : (f.active+1)*rows])
	for at := f.active - 1; at >= 0; at-- {
		f.rest[at] = f.rest[at+1] + max(0, f.gain[at])*float64(f.most[at])
		f.addYield(at)
	}
}

func (f *filler) addYield(at int) {
	rows := len(f.kind.Capacity)
	yield, later := f.yield[at*rows:(at+1)*rows], f.yield[(at+1)*rows:(at+2)*rows]
	copy(yield, later)
	if f.most[at] == 0 {
		return
	}
	for r, n := range f.need[at] {
		if n > 0 {
			yield[r] = max(yield[r], f.value[at]/n)
		} else {
			yield[r] = unbounded
		}
	}
}
