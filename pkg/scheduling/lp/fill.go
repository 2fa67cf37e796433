// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

// filler finds the most valuable way to fill a machine of one kind. It remembers
// between calls what values of items that changed a little make faster.
type filler struct {
	problem *Problem
	kind    *Kind
	// relaxed is the filling with items that can be cut; lambda is what it says a unit
	// of each resource is worth, of an earlier call: any prices give a valid bound, and
	// good ones a near one.
	relaxed *relaxed
	lambda  []float64
	// fits is how many of each item of the kind go on the machine alone.
	fits []int32
	// order are positions in kind.Items: first active ones that are left and worth
	// something, those that use the resources best in front.
	order  []int32
	active int
	idle   []int32
	rank   []float64

	// Of the search at hand: of each place in order the item's need, value and
	// most, and what the later ones add to the bound.
	need  [][]float64
	value []float64
	most  []int32
	gain  []float64
	rest  []float64
	// yield is the most value that an item of this place or a later one has for a
	// unit of each resource, one vector for every place.
	yield  []float64
	free   []float64 // one vector for every place and one for the end
	counts []int32
	best   []int32
	base   []int32 // of each item of the kind, what is on the machine from the start
	// given are the steps that the search may take, steps those that are left of them.
	given, steps int
	top          float64
	found        bool
}

// unbounded is more than any value.
const unbounded = 1e300

func newFiller(problem *Problem, kind int) *filler { return fillerOf(problem, &problem.Kinds[kind]) }

func fillerOf(problem *Problem, kind *Kind) *filler {
	f := &filler{problem: problem, kind: kind}
	n, rows := len(f.kind.Items), len(f.kind.Capacity)
	f.order, f.rank = make([]int32, n), make([]float64, n)
	f.fits = make([]int32, n)
	for place, i := range f.kind.Items {
		item := &problem.Items[i]
		f.order[place] = int32(place)
		f.fits[place] = int32(Fits(kind.Capacity, item.Need))
		if item.Most > 0 {
			f.fits[place] = min(f.fits[place], int32(item.Most))
		}
	}
	f.need, f.value, f.most = make([][]float64, n), make([]float64, n), make([]int32, n)
	f.gain, f.rest = make([]float64, n), make([]float64, n+1)
	f.free, f.yield = make([]float64, (n+1)*rows), make([]float64, (n+1)*rows)
	f.counts, f.best, f.base = make([]int32, n), make([]int32, n), make([]int32, n)
	return f
}

// bound returns a value that no filling is above, from the prices of an earlier call.
func (f *filler) bound(values []float64, left []int32) float64 {
	if f.relaxed == nil {
		return unbounded
	}
	f.update(values, left)
	return f.relaxed.worst()
}

// mostOf is how many of the item at a place of the kind may go on the machine when so
// many are left.
func (f *filler) mostOf(place int, left []int32) int32 {
	return min(f.fits[place], left[f.kind.Items[place]])
}

// reprice computes the prices anew for these values and returns the bound, which is
// the value of the linear relaxation.
func (f *filler) reprice(values []float64, left []int32) float64 {
	if f.relaxed == nil {
		f.relaxed = newRelaxed(f.kind.Capacity, f.needs(), len(f.kind.Items))
		f.lambda = f.relaxed.lambda
	}
	f.update(values, left)
	f.relaxed.solve()
	return f.relaxed.worst()
}

// update tells the relaxation the values, and how many of each item are left.
func (f *filler) update(values []float64, left []int32) {
	x := f.relaxed
	for place, i := range f.kind.Items {
		x.value[place] = values[i]
		if most := float64(f.mostOf(place, left)); most != x.most[place] {
			x.most[place], x.changed = most, true
		}
	}
}

// needs are those of the items of the kind, one after the other.
func (f *filler) needs() []float64 {
	needs := make([]float64, 0, len(f.kind.Items)*len(f.kind.Capacity))
	for _, i := range f.kind.Items {
		needs = append(needs, f.problem.Items[i].Need...)
	}
	return needs
}

// search looks for a way to fill the free room of a machine that is worth more than
// above, in so many steps at most. It returns its value, whether there is one, and
// whether the search saw the whole, so that none is better; column copies it.
func (f *filler) search(free, values []float64, left []int32, above float64, steps int) (value float64, found, whole bool) {
	clear(f.base)
	f.prepare(values, left)
	f.given, f.steps, f.top, f.found = steps, steps, above, false
	copy(f.free, free)
	f.descend(0, 0, dot(f.lambda, free))
	return f.top, f.found, f.steps > 0
}

// near looks for a filling near to what reprice found: at first for one with the whole
// part of it, then with one less of every item that is there in part, at last for any.
func (f *filler) near(n int, values []float64, left []int32) (found bool) {
	if n == 2 {
		_, found, _ = f.search(f.kind.Capacity, values, left, 0, anySteps)
		return found
	}
	for place := range f.kind.Items {
		count := int32(f.relaxed.amountOf(place) + rounding)
		if count < f.mostOf(place, left) {
			count = max(0, count-int32(n))
		}
		f.base[place] = count
	}
	return f.fill(values, left, nearSteps)
}

// anySteps bounds the search for any filling.
const anySteps = 1_500

// rounding is how much a whole number may be computed too small.
const rounding = 1e-9

// fill looks like search, but only among the fillings that hold the base, for the best use
// of the room that this leaves.
func (f *filler) fill(values []float64, left []int32, steps int) (found bool) {
	f.prepare(values, left)
	f.given, f.steps, f.found = steps, steps, false
	free := f.free[:len(f.kind.Capacity)]
	copy(free, f.kind.Capacity)
	start := 0.0
	for place, i := range f.kind.Items {
		f.base[place] = min(f.base[place], f.mostOf(place, left))
		start += float64(f.base[place]) * values[i]
		if count := float64(f.base[place]); count > 0 {
			for r, n := range f.problem.Items[i].Need {
				free[r] -= count * n
			}
		}
	}
	if slices.Min(free) < 0 {
		return false // by a rounding error
	}
	for at, place := range f.order[:f.active] {
		f.most[at] -= f.base[place]
	}
	f.addRest()
	f.top = -start
	f.descend(0, 0, dot(f.lambda, free))
	return f.found
}

// placeOf is where in the items of the kind one is.
func (f *filler) placeOf(item int32) int {
	place, _ := slices.BinarySearch(f.kind.Items, item)
	return place
}

// spent returns how many steps the last search took.
func (f *filler) spent() int { return f.given - f.steps }

// scarce returns the most value that the items from a place on can have in the free
// room when only its scarcest resource bounds them.
func (f *filler) scarce(at int, free []float64) float64 {
	yield := f.yield[at*len(free) : (at+1)*len(free)]
	least := unbounded
	for r, x := range free {
		if yield[r] < unbounded {
			least = min(least, x*yield[r])
		}
	}
	return least
}

// descend tries counts of the item at a place and of those after it. bound is the
// value so far and that of the free resources.
func (f *filler) descend(at int, value, bound float64) {
	if value > f.top {
		f.top, f.found = value, true
		copy(f.best, f.counts[:at])
		clear(f.best[at:])
	}
	rows := len(f.kind.Capacity)
	free := f.free[at*rows : (at+1)*rows]
	for at < f.active && f.most[at] == 0 {
		f.counts[at] = 0
		at++
		next := f.free[at*rows : (at+1)*rows]
		copy(next, free)
		free = next
	}
	if at == f.active || bound+f.rest[at] <= f.top+tiny || value+f.scarce(at, free) <= f.top+tiny {
		return
	}
	next := f.free[(at+1)*rows : (at+2)*rows]
	need, gain := f.need[at], f.gain[at]
	for count := min(int(f.most[at]), Fits(free, need)); count >= 0 && f.steps > 0; count-- {
		f.steps--
		lower := bound + float64(count)*gain
		if lower+f.rest[at+1] <= f.top+tiny {
			if gain >= 0 {
				return // fewer of it leave a lower bound still
			}
			continue
		}
		for r := range next {
			next[r] = free[r] - float64(count)*need[r]
		}
		f.counts[at] = int32(count)
		f.descend(at+1, value+float64(count)*f.value[at], lower)
	}
}

// Column returns the filling that the last search found.
func (f *filler) column(kind int) Column {
	c := Column{Kind: kind}
	for at := range f.best {
		if count := f.best[at] + f.base[f.order[at]]; count > 0 {
			c.Items = append(c.Items, f.kind.Items[f.order[at]])
			c.Counts = append(c.Counts, count)
		}
	}
	sortTogether(c.Items, c.Counts)
	return c
}

func sortTogether(items, counts []int32) {
	type pair struct{ item, count int32 }
	pairs := make([]pair, len(items))
	for n := range items {
		pairs[n] = pair{items[n], counts[n]}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return int(a.item - b.item) })
	for n, p := range pairs {
		items[n], counts[n] = p.item, p.count
	}
}
