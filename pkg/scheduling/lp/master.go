// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// master is the restricted master program: the least cost of columns, each as often
// as it likes, that cover every item; solved by the revised simplex method with the
// inverse of the basis kept as a dense matrix. Items covered too often are allowed.
type master struct {
	rows    int
	columns columns
	basis   []int     // of each row the place of its column, or surplus
	inverse []float64 // rows × rows
	amount  []float64 // of each variable in the basis
	prices  []float64 // of each row's item
	column  []float64
	// best and gains are those that enterBest finds.
	best  []int
	gains []float64
	// soon are the columns that it looks at.
	soon []int32
	// used are the places in a row of the inverse that are not zero.
	used []int32
	// work is about how many figures were computed.
	work int
}

// columns are what the master program may use: each covers so much of the items of some
// rows for a cost. They are kept one after the other, since all are looked at often.
type columns struct {
	rows    []int32
	amounts []float64
	ends    []int
	costs   []float64
}

func (c *columns) len() int { return len(c.costs) }

// cover adds to what the last column covers, which add ends.
func (c *columns) cover(row int32, amount float64) {
	c.rows, c.amounts = append(c.rows, row), append(c.amounts, amount)
}

// add makes a column of what was covered since the last.
func (c *columns) add(cost float64) {
	c.ends, c.costs = append(c.ends, len(c.rows)), append(c.costs, cost)
}

// drop forgets the last column.
func (c *columns) drop() {
	last := c.len() - 1
	start, _ := c.span(last)
	c.rows, c.amounts, c.ends, c.costs = c.rows[:start], c.amounts[:start], c.ends[:last], c.costs[:last]
}

func (c *columns) rowsOf(place int) []int32 {
	start, end := c.span(place)
	return c.rows[start:end]
}

func (c *columns) amountsOf(place int) []float64 {
	start, end := c.span(place)
	return c.amounts[start:end]
}

func (c *columns) span(place int) (start, end int) {
	if place > 0 {
		start = c.ends[place-1]
	}
	return start, c.ends[place]
}

// surplus is a variable in the basis that is no column: how much more often than need be
// some item is covered, which costs nothing.
const surplus = -1

// newMaster starts from one column for each row, which covers its item alone.
func newMaster(alone columns, demand []int32) *master {
	n := alone.len()
	m := &master{
		rows: n, columns: alone, basis: make([]int, n), inverse: make([]float64, n*n),
		amount: make([]float64, n), prices: make([]float64, n), column: make([]float64, n),
	}
	for i, count := range alone.amounts {
		m.basis[i] = i
		m.inverse[i*n+i] = 1 / count
		m.amount[i] = float64(demand[i]) / count
		m.prices[i] = alone.costs[i] / count
	}
	return m
}

// ratio returns how many times its cost a column is worth.
func (m *master) ratio(place int) float64 {
	rows, worth := m.columns.rowsOf(place), 0.0
	for n, amount := range m.columns.amountsOf(place) {
		worth += amount * m.prices[rows[n]]
	}
	return worth / m.columns.costs[place]
}

// value returns what the demand is worth, which is what its covering costs.
func (m *master) value() (sum float64) {
	for row, place := range m.basis {
		if place != surplus {
			sum += m.amount[row] * m.columns.costs[place]
		}
	}
	return sum
}

const (
	// few is how many columns are brought in between looking at all that may be of use.
	few = 4
	// nearby is how much of its cost a column must be worth to be looked at again soon.
	nearby = 0.95
)

// improve brings in columns that are worth more than so many times their cost, until there
// are none or enough was computed. All columns are looked at before those of them that are
// near to it, over and over.
func (m *master) improve(least float64, work int) {
	for m.work < work {
		m.soon = m.soon[:0]
		better := false
		for place := range m.columns.costs {
			if ratio := m.ratio(place); ratio > nearby {
				m.soon = append(m.soon, int32(place))
				better = better || ratio > least
			}
		}
		m.work += len(m.columns.rows)
		if !better {
			return
		}
		for m.work < work && m.enterBest(least) {
			continue
		}
	}
}

// enterBest brings the few columns into the basis that are worth most more than they
// cost, of those that are worth more than so many times the cost, if there are any.
func (m *master) enterBest(least float64) (entered bool) {
	m.best, m.gains = m.best[:0], m.gains[:0]
	for _, place := range m.soon {
		ratio := m.ratio(int(place))
		gain := (ratio - 1) * m.columns.costs[place]
		if ratio <= least || len(m.best) == few && gain <= m.gains[few-1] {
			continue
		}
		at, _ := slices.BinarySearchFunc(m.gains, gain, func(a, b float64) int { return cmp.Compare(b, a) })
		m.gains, m.best = slices.Insert(m.gains, at, gain), slices.Insert(m.best, at, int(place))
		if len(m.best) > few {
			m.best, m.gains = m.best[:few], m.gains[:few]
		}
	}
	m.work += 10 * len(m.soon)
	for _, place := range m.best {
		if m.ratio(place) > least {
			m.enter(place)
			entered = true
		}
	}
	return entered
}

// enter brings a column into the basis that is worth more than it costs.
func (m *master) enter(place int) {
	rows, amounts := m.columns.rowsOf(place), m.columns.amountsOf(place)
	m.work += m.rows * len(rows)
	for r := range m.rows {
		inverse, sum := m.inverse[r*m.rows:(r+1)*m.rows], 0.0
		for n, row := range rows {
			sum += amounts[n] * inverse[row]
		}
		m.column[r] = sum
	}
	m.exchange(place, m.columns.costs[place]*(1-m.ratio(place)))
}

// raiseNegative lets items be covered too often whose price has fallen below zero.
func (m *master) raiseNegative() {
	for range m.rows {
		item := -1
		lowest := -tiny
		for i, price := range m.prices {
			if price < lowest {
				item, lowest = i, price
			}
		}
		if item < 0 {
			return
		}
		for r := range m.rows {
			m.column[r] = -m.inverse[r*m.rows+item]
		}
		if !m.exchange(surplus, lowest) {
			return
		}
	}
}

// exchange puts a variable with this reduced cost into the basis for the one that
// first falls to zero. It is false when there is none.
func (m *master) exchange(variable int, reduced float64) bool {
	row, least := -1, 0.0
	for r, change := range m.column {
		if change <= 1e-9 {
			continue
		}
		ratio := max(0, m.amount[r]) / change
		// Of equal ones that with the greatest pivot, which is the safest.
		if row < 0 || ratio < least-tiny || (ratio <= least+tiny && change > m.column[row]) {
			row, least = r, ratio
		}
	}
	if row < 0 {
		return false
	}
	pivot := m.inverse[row*m.rows : (row+1)*m.rows]
	scale := 1 / m.column[row]
	m.used = m.used[:0]
	for c, x := range pivot {
		if x != 0 {
			pivot[c] = x * scale
			m.prices[c] += reduced * pivot[c]
			m.used = append(m.used, int32(c))
		}
	}
	m.work += m.rows
	for r, change := range m.column {
		if r == row || change == 0 {
			continue
		}
		m.amount[r] -= least * change
		subtract(m.inverse[r*m.rows:(r+1)*m.rows], pivot, m.used, change)
		m.work += len(m.used)
	}
	m.amount[row], m.basis[row] = least, variable
	return true
}

// subtract takes so many times b from a, where b is not zero.
func subtract(a, b []float64, used []int32, times float64) {
	if 4*len(used) > len(a) {
		floats.AddScaled(a, -times, b)
		return
	}
	for _, i := range used {
		a[i] -= times * b[i]
	}
}
