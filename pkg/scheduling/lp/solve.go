// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "slices"

const (
	// coarse is how much better than its cost a column must be, as a part of it, to be
	// taken at first. When there are none any more it is multiplied by finer, down to
	// enough: prices swing less, and fewer columns are needed, when those that help most
	// come first.
	coarse = 0.1
	finer  = 0.33
	enough = 0.003
	// nearSteps bounds one search for a column, searches how many there are: nearer
	// and farther from the relaxation.
	nearSteps = 300
	searches  = 2
	// mostRows is how many items a master program may have. Its basis is a dense
	// matrix, of which every column changes every number: with more of them prices are
	// estimated from a coarser problem.
	mostRows = 200
	// forgetting is the weight of the latest prices in their mean.
	forgetting = 0.2
)

// Solution is what is known of a Problem.
type Solution struct {
	// Values are what one of each item is worth, its dual price; an item that fits
	// nowhere is worth nothing.
	Values []float64
	// Mean are the mean of the values on the way to these, which may give a better
	// bound.
	Mean []float64
	// Columns are the fillings of the best fractional packing found, Amounts how
	// often it uses each.
	Columns []Column
	Amounts []float64

	rows   *rows
	master *master
}

// Solver solves a Problem, and again for other demands.
type Solver struct {
	problem *Problem
	fillers []*filler
	relaxed relaxed
	pool    []Column
	// steps is how much work is left for the solution at hand, about one for each
	// item looked at on a kind of machine, next how much there is for another.
	steps, next int
	// proving is how much work is left for the bound at hand.
	proving int
}

// NewSolver returns a Solver of a problem, whose figures must be to Scale. It takes so
// many steps for the first solution and a third for every other, at most.
func NewSolver(problem *Problem, steps int) *Solver {
	s := &Solver{problem: problem, steps: steps, next: steps / 3}
	for k := range problem.Kinds {
		s.fillers = append(s.fillers, newFiller(problem, k))
	}
	return s
}

// Solve returns the best fractional packing of so many of each item, or as good a one
// as the steps allow. No count may be above that of the problem.
func (s *Solver) Solve(demand []int32) Solution {
	solution := Solution{Values: make([]float64, len(demand)), Mean: make([]float64, len(demand))}
	first := s.alone(demand)
	r := newRows(first)
	switch {
	case len(r.items) == 0:
		return solution
	case len(r.items) > mostRows:
		s.estimate(&solution, first, demand)
		return solution
	}
	m := s.start(r, first, demand)
	s.offerPool(m, r, demand)
	s.pool = s.pool[:0]
	s.generate(m, r, &solution, demand)
	s.steps = s.next
	r.scatter(m.prices, solution.Values)
	for row, b := range m.basis {
		if !b.surplus && m.amount[row] > tiny {
			solution.Columns = append(solution.Columns, r.restore(b.column))
			solution.Amounts = append(solution.Amounts, m.amount[row])
		}
	}
	s.pool = slices.Clone(solution.Columns)
	solution.rows, solution.master = r, m
	return solution
}

// Fill returns a good way to fill the free room of a machine of a kind and what it is
// worth; ok is false when nothing that is left and has a value fits.
func (s *Solver) Fill(kind int, free, values []float64, left []int32, steps int) (c Column, value float64, ok bool) {
	f := s.fillers[kind]
	if f.lambda == nil {
		f.reprice(&s.relaxed, values, left)
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
	f.reprice(&s.relaxed, values, left)
	_, ok, _ = f.search(room.Capacity, values, left, 0, steps)
	return f.column(-1), ok
}

// rows are the items that are in demand and fit somewhere: those the master
// program has a row for.
type rows struct {
	items []int32
	of    []int32 // row of each item, -1 for none
}

func (r *rows) scatter(prices, values []float64) {
	clear(values)
	for row, item := range r.items {
		values[item] = max(0, prices[row])
	}
}

func (r *rows) local(c Column) Column {
	items := make([]int32, len(c.Items))
	for n, item := range c.Items {
		items[n] = r.of[item]
	}
	return Column{Kind: c.Kind, Items: items, Counts: c.Counts}
}

func (r *rows) restore(c Column) Column {
	items := make([]int32, len(c.Items))
	for n, row := range c.Items {
		items[n] = r.items[row]
	}
	return Column{Kind: c.Kind, Items: items, Counts: c.Counts}
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

func newRows(alone []Column) *rows {
	r := &rows{of: make([]int32, len(alone))}
	for i := range alone {
		r.of[i] = -1
		if len(alone[i].Items) > 0 {
			r.of[i] = int32(len(r.items))
			r.items = append(r.items, int32(i))
		}
	}
	return r
}

// start makes the first master program: every item alone.
func (s *Solver) start(r *rows, alone []Column, demand []int32) *master {
	var first []Column
	var costs []float64
	var counts []int32
	for _, i := range r.items {
		first = append(first, r.local(alone[i]))
		costs = append(costs, s.problem.Kinds[alone[i].Kind].Cost)
		counts = append(counts, demand[i])
	}
	return newMaster(first, costs, counts)
}

// offerPool brings in the columns of the last solution, as far as they still hold.
func (s *Solver) offerPool(m *master, r *rows, demand []int32) {
	for again := true; again && s.steps > 0; {
		again = false
		for _, c := range s.pool {
			local := r.local(Trim(c, demand))
			s.steps -= len(c.Items)
			if cost := s.problem.Kinds[c.Kind].Cost; m.worth(local) > cost*(1+enough) {
				s.enter(m, local)
				again = true
			}
		}
	}
}

func (s *Solver) enter(m *master, local Column) {
	m.enter(local, s.problem.Kinds[local.Kind].Cost)
	s.steps -= m.rows * m.rows / 4
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

// generate brings in columns until no filling of any kind is worth more than it
// costs, or the steps are used up: at first only those that are worth much more.
func (s *Solver) generate(m *master, r *rows, solution *Solution, demand []int32) {
	r.scatter(m.prices, solution.Mean)
	better := coarse
	for better > enough && s.steps > 0 {
		s.improve(m, r, solution, demand, better, 1)
		better *= finer
	}
	s.improve(m, r, solution, demand, enough, searches)
}

// improve brings in columns that are so much better than they cost until there is none.
// It looks near the relaxation first, and farther when there is none near it.
func (s *Solver) improve(m *master, r *rows, solution *Solution, demand []int32, better float64, searches int32) {
	values := make([]float64, len(demand))
	for back := int32(0); back < searches && s.steps > 0; back++ {
		for k := range s.fillers {
			r.scatter(m.prices, values)
			if column, ok := s.price(k, values, demand, better, back); ok {
				s.enter(m, r.local(column))
				back = -1
			}
		}
		for i, value := range values {
			solution.Mean[i] += forgetting * (value - solution.Mean[i])
		}
	}
}

// price returns a filling of a kind that is so much better than it costs, if it finds
// one so near to the relaxation.
func (s *Solver) price(k int, values []float64, demand []int32, better float64, back int32) (Column, bool) {
	f, limit := s.fillers[k], s.problem.Kinds[k].Cost*(1+better)
	s.steps -= len(f.kind.Items)
	if f.bound(values, demand) <= limit {
		return Column{}, false
	}
	s.steps -= 8 * len(f.kind.Items)
	if f.reprice(&s.relaxed, values, demand) <= limit {
		return Column{}, false
	}
	found := f.complete(values, demand, limit, max(0, back), nearSteps)
	s.steps -= f.spent(nearSteps) + 2*len(f.kind.Items)
	if !found {
		return Column{}, false
	}
	return f.column(k), true
}
