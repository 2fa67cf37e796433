// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import "gonum.org/v1/gonum/floats"

// relaxed solves the linear relaxation of filling one machine: the greatest value of
// the items on it when they can be cut. It is the bounded simplex method with as many
// rows as there are resources, and goes on from the last solution when nothing but the
// values have changed: that is still allowed then, and nearly the best.
type relaxed struct {
	capacity []float64
	needs    []float64 // of each item on the kind, one after the other
	// uses are the same by resource: of each item how much of it it takes.
	uses  [][]float64
	value []float64
	// gains are what each item is worth above what lambda says that it takes.
	gains []float64
	most  []float64
	rows  int
	// basis holds the variable of each row: an item, or len(value)+r for the
	// resource r that is not used up. inverse is that of the basis, amount the value of
	// its variables.
	basis   []int
	inverse []float64
	amount  []float64
	atMost  []bool // of each item that is not in the basis
	inBasis []bool
	lambda  []float64
	column  []float64
	// exchanges are those since the start: each leaves rounding errors.
	exchanges int
	// changed says that the most of an item has, so that the solution may not hold.
	changed bool
}

// manyExchanges are so many that it is better to start anew.
const manyExchanges = 200

// tiny is what counts as zero in figures that are about one.
const tiny = 1e-11

// newRelaxed has no room for anything until most says otherwise.
func newRelaxed(capacity, needs []float64, items int) *relaxed {
	rows := len(capacity)
	x := &relaxed{
		capacity: capacity, needs: needs, rows: rows,
		value: make([]float64, items), gains: make([]float64, items), most: make([]float64, items),
		basis: make([]int, rows), atMost: make([]bool, items), inBasis: make([]bool, items+rows),
	}
	for r := range rows {
		use := make([]float64, items)
		for i := range use {
			use[i] = needs[i*rows+r]
		}
		x.uses = append(x.uses, use)
	}
	figures := make([]float64, rows*(rows+3))
	x.inverse, figures = figures[:rows*rows], figures[rows*rows:]
	x.amount, x.lambda, x.column = figures[:rows], figures[rows:2*rows], figures[2*rows:]
	x.start()
	return x
}

// need is what one of an item takes of each resource.
func (x *relaxed) need(i int) []float64 { return x.needs[i*x.rows : (i+1)*x.rows] }

// solve computes lambda, what a unit of each resource of the machine is worth: the dual
// solution, which is not below zero. It starts anew when the most of an item changed.
func (x *relaxed) solve() {
	if x.changed || x.exchanges > manyExchanges {
		x.start()
	}
	x.price()
	// Every step but those at a degenerate corner makes the value greater; there
	// are few corners, and any prices give a valid bound.
	for range 4*len(x.value) + 16*x.rows {
		variable, up := x.entering()
		if variable < 0 {
			break
		}
		x.step(variable, up)
		x.price()
	}
	for r := range x.lambda {
		x.lambda[r] = max(0, x.lambda[r])
	}
}

// amountOf returns how many of an item the last solution has.
func (x *relaxed) amountOf(i int) float64 {
	switch {
	case x.inBasis[i]:
		for r, b := range x.basis {
			if b == i {
				return max(0, min(x.most[i], x.amount[r]))
			}
		}
	case x.atMost[i]:
		return x.most[i]
	}
	return 0
}

func (x *relaxed) start() {
	clear(x.atMost)
	clear(x.inBasis)
	clear(x.inverse)
	for r := range x.rows {
		x.basis[r] = len(x.value) + r
		x.inBasis[len(x.value)+r] = true
		x.inverse[r*x.rows+r] = 1
		x.amount[r] = x.capacity[r]
	}
	x.exchanges, x.changed = 0, false
}

// entering returns the variable that gains most by leaving its bound and whether it
// grows; -1 when none gains.
func (x *relaxed) entering() (variable int, up bool) {
	best := tiny
	variable = -1
	x.gain()
	for i, gain := range x.gains {
		if x.inBasis[i] || x.most[i] == 0 {
			continue
		}
		if x.atMost[i] {
			gain = -gain
		}
		if gain > best {
			best, variable, up = gain, i, !x.atMost[i]
		}
	}
	for r, lambda := range x.lambda {
		if !x.inBasis[len(x.value)+r] && -lambda > best {
			best, variable, up = -lambda, len(x.value)+r, true
		}
	}
	return variable, up
}

// gain computes the gains by lambda, in which most resources are worth nothing.
func (x *relaxed) gain() {
	copy(x.gains, x.value)
	for r, lambda := range x.lambda {
		if lambda != 0 {
			floats.AddScaled(x.gains, -lambda, x.uses[r])
		}
	}
}

// worst returns a value that no filling is above, by any lambda that is not below zero.
func (x *relaxed) worst() float64 {
	x.gain()
	sum := dot(x.lambda, x.capacity)
	for i, gain := range x.gains {
		if gain > 0 {
			sum += gain * x.most[i]
		}
	}
	return sum
}

// step moves a variable from its bound until another one meets its own.
func (x *relaxed) step(variable int, up bool) {
	x.direction(variable, up)
	length, leaving, leavesAtMost := x.bound(variable), -1, false
	for r, change := range x.column {
		switch b := x.basis[r]; {
		case change > tiny:
			if t := x.amount[r] / change; t < length {
				length, leaving, leavesAtMost = t, r, false
			}
		case change < -tiny && b < len(x.value):
			if t := (x.most[b] - x.amount[r]) / -change; t < length {
				length, leaving, leavesAtMost = t, r, true
			}
		}
	}
	length = max(0, length)
	for r, change := range x.column {
		x.amount[r] -= length * change
	}
	if leaving < 0 {
		x.atMost[variable] = up
		return
	}
	start := 0.0
	if !up {
		start = x.bound(variable)
		length = -length
	}
	x.exchange(leaving, variable, start+length, leavesAtMost)
}

// bound is the most of a variable that is not in the basis; what is left of a
// resource has none.
func (x *relaxed) bound(variable int) float64 {
	if variable < len(x.value) {
		return x.most[variable]
	}
	return unbounded
}

// direction computes how fast the variables of the basis fall when one moves.
func (x *relaxed) direction(variable int, up bool) {
	for r := range x.rows {
		row := x.inverse[r*x.rows : (r+1)*x.rows]
		if variable < len(x.value) {
			x.column[r] = dot(row, x.need(variable))
		} else {
			x.column[r] = row[variable-len(x.value)]
		}
		if !up {
			x.column[r] = -x.column[r]
		}
	}
}

func (x *relaxed) exchange(row, variable int, amount float64, leavesAtMost bool) {
	if old := x.basis[row]; old < len(x.value) {
		x.atMost[old] = leavesAtMost
	}
	x.exchanges++
	x.inBasis[x.basis[row]], x.inBasis[variable] = false, true
	x.basis[row], x.amount[row] = variable, amount
	x.direction(variable, true)
	pivot := x.inverse[row*x.rows : (row+1)*x.rows]
	for c := range pivot {
		pivot[c] /= x.column[row]
	}
	for r := range x.rows {
		if r == row || x.column[r] == 0 {
			continue
		}
		other := x.inverse[r*x.rows : (r+1)*x.rows]
		for c := range other {
			other[c] -= x.column[r] * pivot[c]
		}
	}
}

// price computes the dual prices of the basis.
func (x *relaxed) price() {
	clear(x.lambda)
	for r, b := range x.basis {
		if b >= len(x.value) {
			continue
		}
		for c := range x.lambda {
			x.lambda[c] += x.value[b] * x.inverse[r*x.rows+c]
		}
	}
}
