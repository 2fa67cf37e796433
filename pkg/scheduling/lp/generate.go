// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"math"
	"slices"
)

const (
	// coarse is how much better than its cost a column must be, as a part of it, to be
	// taken at first. When there are none any more it is multiplied by finer, down to
	// enough: prices swing less, and fewer columns are needed, when those that help most
	// come first.
	coarse = 0.1
	finer  = 0.2
	enough = 0.003
	// forgetting is the weight of the latest prices in their mean, steadiness that of the
	// mean in the prices by which columns are looked for: those of a program of few columns
	// swing from one extreme to the other (Wentges 1997). A column whose worth by such
	// prices is above cautious of what it must be better by is looked at.
	forgetting = 0.3
	steadiness = 0.7
	cautious   = 0.5
	// closeTo is how far the program of whole items may be above that of items that are
	// cut, which it cannot fall below, without more work.
	closeTo = 1.003
	// What is left of a demand is looked at less closely, so many times: much of it will be
	// rounded again.
	restEnough = 0.011
	restPasses = 4
	// nearSteps bounds one search for a column; there are several, ever farther from the
	// relaxation.
	nearSteps = 300
	searches  = 3
	// figures is how many of the master program are computed in the time of a step.
	figures = 4
)

// far is how small better must be for each of the searches.
var far = [searches]float64{1, restEnough, enough}

// generation brings columns into a master program.
type generation struct {
	*Solver
	demand []int32
	// items are those that are in demand and fit somewhere, which have a row in the
	// master program; row is that of each item, -1 for none.
	items []int32
	row   []int32
	// alone is the machine on which each item costs least when it is alone.
	alone  []Column
	master *master
	// found are the fillings that are the columns of the master program, in its order.
	found []Column
	// values are the prices by which columns are looked for, of each item: those of the
	// master program, with a weight of steady for their mean on the way here.
	values []float64
	mean   []float64 // of each row
	steady float64
}

func newGeneration(s *Solver, demand []int32) *generation {
	g := &generation{
		Solver: s, demand: demand, alone: s.alone(demand),
		row: make([]int32, len(demand)), values: make([]float64, len(demand)),
	}
	for i := range g.alone {
		g.row[i] = -1
		if len(g.alone[i].Items) > 0 {
			g.row[i] = int32(len(g.items))
			g.items = append(g.items, int32(i))
		}
	}
	return g
}

// reset starts the master program anew, with every item alone.
func (g *generation) reset() {
	g.found, g.master = nil, &master{}
	counts := make([]int32, len(g.items))
	for row, i := range g.items {
		counts[row] = g.demand[i]
		g.offer(g.alone[i])
	}
	g.master = newMaster(g.master.columns, counts)
	g.settle()
}

// settle begins the mean of the prices with those of now.
func (g *generation) settle() {
	g.mean = slices.Clone(g.master.prices)
	g.price()
}

// price reads the prices of the master program.
func (g *generation) price() {
	for row, item := range g.items {
		latest := max(0, g.master.prices[row])
		g.values[item] = latest + g.steady*(max(0, g.mean[row])-latest)
	}
}

// offer adds what is in demand of a filling to the columns that the master program may use.
func (g *generation) offer(c Column) {
	covers := false
	for n, item := range c.Items {
		if count := min(c.Counts[n], g.demand[item]); count > 0 && g.row[item] >= 0 {
			g.master.columns.cover(g.row[item], float64(count))
			covers = true
		}
	}
	if covers {
		g.master.columns.add(g.problem.Kinds[c.Kind].Cost)
		g.found = append(g.found, c)
	}
}

// withdraw takes the last offer back unless it is so much better than it costs.
func (g *generation) withdraw(better float64) bool {
	last := g.master.columns.len() - 1
	if g.master.ratio(last) > 1+better {
		return false
	}
	g.found = g.found[:last]
	g.master.columns.drop()
	return true
}

// optimise uses the columns that there are as well as can be, but for so much.
func (g *generation) optimise(better float64) {
	g.master.improve(1+better, figures*g.steps)
	g.spend()
	g.price()
}

// spend counts the work of the master program.
func (g *generation) spend() {
	g.steps -= g.master.work / figures
	g.master.work = 0
}

// improve brings in columns that are so much better than they cost until none is found,
// or for so many passes over all kinds.
func (g *generation) improve(better float64, passes int, find func(k int, better float64) bool) {
	g.steady = steadiness
	for pass := 0; pass < passes && g.steps > 0; pass++ {
		g.price()
		found := g.pass(better, find)
		if !found && g.steady == 0 {
			break
		}
		g.steady = 0 // none by the mean does not mean none
		if found {
			g.steady = steadiness
		}
	}
	g.steady = 0
	g.price()
}

// pass looks for a column of every kind.
func (g *generation) pass(better float64, find func(k int, better float64) bool) (entered bool) {
	for k := range g.fillers {
		if find(k, better) {
			entered = true
			g.master.enter(g.master.columns.len() - 1)
			g.spend()
			g.price()
		}
	}
	if entered {
		g.optimise(better)
	}
	g.master.raiseNegative()
	for row, price := range g.master.prices {
		g.mean[row] += forgetting * (max(0, price) - g.mean[row])
	}
	return entered
}

// refine improves with ever smaller steps, down to enough or until the program costs no
// more than the goal.
func (g *generation) refine(goal float64, find func(k int, better float64) bool) {
	for better := coarse; g.master.value() > goal; better = max(enough, better*finer) {
		g.improve(better, math.MaxInt, find)
		if better == enough || g.steps <= 0 {
			return
		}
	}
}

// promising says whether a filling of a kind may be so much better than it costs, if
// items were cut.
func (g *generation) promising(f *filler, better float64) bool {
	limit := f.kind.Cost * (1 + cautious*better)
	g.steps -= len(f.kind.Items)
	if f.bound(g.values, g.demand) <= limit {
		return false
	}
	g.steps -= 4 * len(f.kind.Items)
	return f.reprice(g.values, g.demand) > limit
}

// cutFilling offers a filling of a kind with items that are cut, if it is so much better
// than it costs.
func (g *generation) cutFilling(k int, better float64) bool {
	f := g.fillers[k]
	if !g.promising(f, better) {
		return false
	}
	for place, i := range f.kind.Items {
		if amount := f.relaxed.amountOf(place); amount > 0 {
			g.master.columns.cover(g.row[i], amount)
		}
	}
	g.master.columns.add(f.kind.Cost)
	g.found = append(g.found, Column{Kind: k})
	return !g.withdraw(better)
}

// filling offers a filling of a kind near to one with items that are cut, if it is so much
// better than it costs.
func (g *generation) filling(k int, better float64) bool {
	f := g.fillers[k]
	if !g.promising(f, better) {
		return false
	}
	for n := range searches {
		if better > far[n] {
			break
		}
		if !g.search(f, f.near(n, g.values, g.demand)) {
			continue
		}
		if g.offer(f.column(k)); !g.withdraw(better) {
			g.pool = append(g.pool, g.found[len(g.found)-1])
			return true
		}
	}
	return false
}

// search counts the work of a search for a filling.
func (g *generation) search(f *filler, found bool) bool {
	g.steps -= 2*f.spent() + 4*len(f.kind.Items)
	return found
}
