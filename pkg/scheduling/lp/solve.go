// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

// mostRows is how many items a master program may have. Its basis is a dense
// matrix, of which every column changes every number: with more of them prices are
// estimated from a coarser problem.
const mostRows = 200

// Solution is what is known of a Problem.
type Solution struct {
	// Values are what one of each item is worth, its dual price; an item that fits
	// nowhere is worth nothing.
	Values []float64
	// Cut are what one of each item would be worth if items could be cut, which may give a
	// better bound; the Values when a part of a demand is solved again.
	Cut []float64
	// Columns are the fillings of the best fractional packing found, Amounts how
	// often it uses each.
	Columns []Column
	Amounts []float64
}

// Solver solves a Problem, and again for other demands.
type Solver struct {
	problem *Problem
	fillers []*filler
	// pool are columns that were found.
	pool []Column
	// steps is how much work is left for the program at hand, about one for each
	// item looked at on a kind of machine; budget is how much there is for one.
	steps, budget int
	// proving is how much work is left for the bound at hand.
	proving int
}

// NewSolver returns a Solver of a problem, whose figures must be to Scale. It takes about
// twice so many steps at most for the first solution, and a third for every other.
func NewSolver(problem *Problem, steps int) *Solver {
	s := &Solver{problem: problem, budget: steps}
	for k := range problem.Kinds {
		s.fillers = append(s.fillers, newFiller(problem, k))
	}
	return s
}

// Solve returns the best fractional packing of so many of each item, or as good a one
// as the steps allow. No count may be above that of the problem. When a part of a demand is
// solved again, before is the solution of that.
func (s *Solver) Solve(demand []int32, before *Solution) Solution {
	g := newGeneration(s, demand)
	solution := Solution{Values: g.values, Cut: g.values}
	switch {
	case len(g.items) == 0:
		return solution
	case len(g.items) > mostRows:
		s.estimate(&solution, g.alone, demand)
		return solution
	case before == nil || before.Columns == nil:
		s.steps = s.budget
		g.reset()
		g.refine(0, g.cutFilling)
		solution.Cut = slices.Clone(g.values)
		goal := closeTo * g.master.value()
		s.steps = s.budget
		g.whole()
		g.refine(goal, g.filling)
		g.remember()
	default:
		s.steps = s.budget / 3
		g.recall(before)
		g.improve(restEnough, restPasses, g.filling)
	}
	for row, place := range g.master.basis {
		if place != surplus && g.master.amount[row] > tiny {
			solution.Columns = append(solution.Columns, Trim(g.found[place], demand))
			solution.Amounts = append(solution.Amounts, g.master.amount[row])
		}
	}
	return solution
}

// Fill returns a good way to fill the free room of a machine of a kind and what it is
// worth; ok is false when nothing that is left and has a value fits.
func (s *Solver) Fill(kind int, free, values []float64, left []int32, steps int) (c Column, value float64, ok bool) {
	f := s.fillers[kind]
	if f.lambda == nil {
		f.reprice(values, left)
	}
	value, ok, _ = f.search(free, values, left, 0, steps)
	if ok {
		c = f.column(kind)
	}
	return c, value, ok
}

// FillRoom is like Fill for a room of its own kind, whose cost does not matter.
func (s *Solver) FillRoom(room *Kind, values []float64, left []int32, steps int) (c Column, ok bool) {
	f := fillerOf(s.problem, room)
	f.reprice(values, left)
	_, ok, _ = f.search(room.Capacity, values, left, 0, steps)
	return f.column(-1), ok
}

// alone returns for every item the machine on which it costs least when it is alone;
// no counts where it fits nowhere.
func (s *Solver) alone(demand []int32) []Column {
	best := make([]Column, len(demand))
	share := make([]float64, len(demand))
	for k, f := range s.fillers {
		for place, i := range f.kind.Items {
			most := f.mostOf(place, demand)
			if most > 0 && (share[i] == 0 || f.kind.Cost/float64(most) < share[i]) {
				share[i] = f.kind.Cost / float64(most)
				best[i] = Column{Kind: k, Items: []int32{i}, Counts: []int32{most}}
			}
		}
	}
	return best
}

// Trim leaves out of a column what is not in demand.
func Trim(c Column, demand []int32) Column {
	t := Column{Kind: c.Kind, Items: make([]int32, 0, len(c.Items)), Counts: make([]int32, 0, len(c.Items))}
	for n, item := range c.Items {
		if count := min(c.Counts[n], demand[item]); count > 0 {
			t.Items = append(t.Items, item)
			t.Counts = append(t.Counts, count)
		}
	}
	return t
}
