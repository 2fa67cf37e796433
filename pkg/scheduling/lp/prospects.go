// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

// Prospects bound a search for machines that together hold as much of everything as is
// needed, for little: of each place in the order of the kinds, the most for its cost that
// this kind or a later one holds.
type Prospects [][]float64

// NewProspects takes what each kind costs and what it holds of everything, as parts of what
// is needed, in the order in which they are searched.
func NewProspects(costs []float64, holds [][]float64) Prospects {
	p := make(Prospects, len(costs))
	for place := len(costs) - 1; place >= 0; place-- {
		p[place] = make([]float64, len(holds[place]))
		for n, part := range holds[place] {
			p[place][n] = part / costs[place]
			if place+1 < len(costs) {
				p[place][n] = max(p[place][n], p[place+1][n])
			}
		}
	}
	return p
}

// Met is a little less than all that is needed, for rounding.
const Met = 1 - 1e-9

// Enough says whether so much money may buy, from a place on, all that is needed besides
// what is held.
func (p Prospects) Enough(from int, money float64, held []float64) bool {
	for n, part := range held {
		if part+money*p[from][n] < Met {
			return false
		}
	}
	return true
}
