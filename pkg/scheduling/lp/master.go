// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

// master is the restricted master program: the least cost of columns, each as often
// as it likes, that cover every item; solved by the revised simplex method with the
// inverse of the basis kept as a dense matrix. Items covered too often are allowed.
type master struct {
	rows    int
	basis   []basic
	inverse []float64 // rows × rows
	amount  []float64 // of each variable in the basis
	prices  []float64 // of each item
	column  []float64
	pivots  int
}

// basic is a variable in the basis: a column, or with surplus set how often the
// item of this row is covered more than need be, which costs nothing.
type basic struct {
	column  Column
	cost    float64
	surplus bool
	item    int
}

// newMaster starts from one column of a single item for each row.
func newMaster(first []Column, costs []float64, demand []int32) *master {
	n := len(first)
	m := &master{
		rows: n, basis: make([]basic, n), inverse: make([]float64, n*n),
		amount: make([]float64, n), prices: make([]float64, n), column: make([]float64, n),
	}
	for i := range first {
		count := float64(first[i].Counts[0])
		m.basis[i] = basic{column: first[i], cost: costs[i], item: i}
		m.inverse[i*n+i] = 1 / count
		m.amount[i] = float64(demand[i]) / count
		m.prices[i] = costs[i] / count
	}
	return m
}

// worth returns what the items of a column are worth.
func (m *master) worth(c Column) float64 {
	worth := 0.0
	for n, item := range c.Items {
		worth += float64(c.Counts[n]) * m.prices[item]
	}
	return worth
}

// enterParts is enter for a column of which items may be cut: counts are by row.
func (m *master) enterParts(counts []float64, cost float64) {
	worth := 0.0
	for item, count := range counts {
		worth += count * m.prices[item]
	}
	for r := range m.rows {
		m.column[r] = dot(counts, m.inverse[r*m.rows:(r+1)*m.rows])
	}
	m.exchange(basic{cost: cost}, cost-worth)
	m.raiseNegative()
}

// enter brings a column into the basis that is worth more than it costs.
func (m *master) enter(c Column, cost float64) {
	clear(m.column)
	for n, item := range c.Items {
		count := float64(c.Counts[n])
		for r := range m.rows {
			m.column[r] += count * m.inverse[r*m.rows+int(item)]
		}
	}
	m.exchange(basic{column: c, cost: cost}, cost-m.worth(c))
	m.raiseNegative()
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
		if !m.exchange(basic{surplus: true, item: item}, lowest) {
			return
		}
	}
}

// exchange puts a variable with this reduced cost into the basis for the one that
// first falls to zero. It is false when there is none.
func (m *master) exchange(b basic, reduced float64) bool {
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
	for c, x := range pivot {
		if x != 0 {
			pivot[c] = x * scale
			m.prices[c] += reduced * pivot[c]
		}
	}
	for r, change := range m.column {
		if r == row || change == 0 {
			continue
		}
		m.amount[r] -= least * change
		subtract(m.inverse[r*m.rows:(r+1)*m.rows], pivot, change)
	}
	m.amount[row], m.basis[row] = least, b
	m.pivots++
	return true
}

// subtract takes so many times b from a.
func subtract(a, b []float64, times float64) {
	b = b[:len(a)]
	for i := range a {
		a[i] -= times * b[i]
	}
}
