// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package lp knows how little machines for a demand can cost. It solves the
// configuration linear program of bin packing with several kinds of bins (Gilmore
// and Gomory 1961) by column generation: its dual prices say what each item is
// worth, its columns are good ways to fill a machine, and its value is a lower bound
// on the cost of every packing. It is deterministic: effort is counted in steps.
package lp

import "math"

// Problem is what there is to pack, and into what.
type Problem struct {
	Items []Item
	Kinds []Kind
}

// Item is a number of equal things to pack.
type Item struct {
	// Need is how much one takes of each resource: whole numbers below 2^53.
	Need []float64
	// Count is how many there are.
	Count int
	// Most is how many of them may share a machine; 0 is no bound.
	Most int
}

// Kind is a kind of machine of which any number can be had.
type Kind struct {
	// Capacity is what it has of each resource: whole numbers below 2^53.
	Capacity []float64
	// Cost of one machine, above zero.
	Cost float64
	// Items are the indexes of those that may be put on it, ascending.
	Items []int32
}

// Column is one way to fill a machine of a kind.
type Column struct {
	Kind int
	// Items and Counts go together: so many of each item.
	Items  []int32
	Counts []int32
}

// Most returns how many of an item fit on a kind alone, and no more than there may be.
func (p *Problem) Most(kind *Kind, item int) int {
	it := &p.Items[item]
	most := it.Count
	if it.Most > 0 {
		most = min(most, it.Most)
	}
	return min(most, Fits(kind.Capacity, it.Need))
}

// Fits returns how many times need goes into free; the figures are whole, so that the
// quotient is exact.
func Fits(free, need []float64) int {
	most := math.MaxInt32
	for r, n := range need {
		if n > 0 {
			most = min(most, int(max(free[r], 0)/n))
		}
	}
	return most
}

// Scale multiplies every resource by a power of two, so that the greatest capacity
// is about one. Powers of two keep whole numbers exact, and figures of like size keep
// the linear program stable.
func (p *Problem) Scale() (factors []float64) {
	if len(p.Kinds) == 0 {
		return nil
	}
	factors = make([]float64, len(p.Kinds[0].Capacity))
	for r := range factors {
		greatest := 1.0
		for k := range p.Kinds {
			greatest = max(greatest, p.Kinds[k].Capacity[r])
		}
		_, exponent := math.Frexp(greatest)
		factors[r] = math.Ldexp(1, -exponent)
	}
	for i := range p.Items {
		multiply(p.Items[i].Need, factors)
	}
	for k := range p.Kinds {
		multiply(p.Kinds[k].Capacity, factors)
	}
	return factors
}

func multiply(vector, factors []float64) {
	for r := range vector {
		vector[r] *= factors[r]
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	b = b[:len(a)]
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
