// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

// useful is how much of its cost a column must be worth in the end to be remembered.
const useful = 0.95

// whole starts the program of whole items with the fillings that are near those that the
// program of items that are cut uses.
func (g *generation) whole() {
	cut, used, values := g.master, g.found, slices.Clone(g.values)
	g.reset()
	for row, place := range cut.basis {
		if place < len(g.items) || cut.amount[row] <= tiny {
			continue
		}
		k := used[place].Kind
		f := g.fillers[k]
		clear(f.base)
		for n, amount := range cut.columns.amountsOf(place) {
			item := g.items[cut.columns.rowsOf(place)[n]]
			f.base[f.placeOf(item)] = int32(amount + rounding)
		}
		if g.search(f, f.fill(values, g.demand, nearSteps)) {
			g.offer(f.column(k))
		}
	}
	g.optimise(enough)
	g.settle()
}

// recall starts the program with the columns that are known. Those that were used before
// are offered filled up as well, where something that was on them is no longer there.
func (g *generation) recall(before *Solution) {
	g.reset()
	for _, c := range g.pool {
		g.offer(c)
	}
	for _, c := range before.Columns {
		if c = Trim(c, g.demand); len(c.Items) == 0 {
			continue
		}
		f := g.fillers[c.Kind]
		clear(f.base)
		for n, item := range c.Items {
			f.base[f.placeOf(item)] = c.Counts[n]
		}
		if g.search(f, f.fill(before.Values, g.demand, nearSteps)) {
			g.pool = append(g.pool, f.column(c.Kind))
			g.offer(f.column(c.Kind))
		}
	}
	g.optimise(enough)
	g.settle()
}

// remember keeps the columns that may be of use for what is left of the demand.
func (g *generation) remember() {
	g.pool = g.pool[:0]
	for place := len(g.items); place < len(g.found); place++ {
		if g.master.ratio(place) > useful {
			g.pool = append(g.pool, g.found[place])
		}
	}
}
