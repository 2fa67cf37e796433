// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestWhole(t *testing.T) {
	one := []Item{{Need: []float64{5}, Count: 3}}
	for name, test := range map[string]struct {
		items []Item
		kinds []Kind
		room  float64
		want  float64
	}{
		"half a machine is a whole one":      {one, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}}, 0, 2},
		"a small one besides":                {one, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}, {Capacity: []float64{5}, Cost: 0.7, Items: []int32{0}}}, 0, 1.7},
		"room that is there holds the third": {one, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}}, 5, 1},
		"kinds for some only": {
			[]Item{{Need: []float64{5}, Count: 1}, {Need: []float64{5}, Count: 2}},
			[]Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}, {Capacity: []float64{20}, Cost: 4, Items: []int32{1}}}, 0, 5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			problem := &Problem{Items: test.items, Kinds: slices.Clone(test.kinds)}
			if got := wholeBound(problem, []float64{test.room}, 10); math.Abs(got-test.want) > 1e-6 {
				t.Errorf("bound %v, want %v", got, test.want)
			}
		})
	}
}

// wholeBound is the bound of packing all items where there is one room already.
func wholeBound(problem *Problem, room []float64, limit float64) float64 {
	demand := make([]int32, len(problem.Items))
	there := Kind{Capacity: slices.Clone(room)}
	for i := range problem.Items {
		demand[i] = int32(problem.Items[i].Count)
		there.Items = append(there.Items, int32(i))
	}
	solver := NewSolver(problem, 100_000)
	solution := solver.Solve(demand, nil)
	bound, prices := solver.Bound(solution.Values, demand, 1000)
	elsewhere := func(values []float64) float64 { return solver.Most(&there, values, demand) }
	return solver.Whole(bound-elsewhere(prices), limit, prices, demand, elsewhere, 10_000)
}

// TestWholeIsBelowEveryPacking tries every partition of a few items.
func TestWholeIsBelowEveryPacking(t *testing.T) {
	reached := 0
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, least, most int) float64 { return float64(rapid.IntRange(least, most).Draw(t, name)) }
		problem := &Problem{}
		var all []int32
		for i := range int32(rapid.IntRange(1, 4).Draw(t, "items")) {
			item := Item{Need: []float64{draw("cpu", 1, 9), draw("memory", 0, 9)}, Count: rapid.IntRange(1, 2).Draw(t, "count")}
			problem.Items = append(problem.Items, item)
			all = append(all, slices.Repeat([]int32{i}, item.Count)...)
		}
		for range rapid.IntRange(1, 3).Draw(t, "kinds") {
			kind := Kind{Capacity: []float64{draw("cpus", 9, 20), draw("memories", 9, 20)}, Cost: draw("cost", 1, 30)}
			for i := range int32(len(problem.Items)) {
				if rapid.IntRange(0, 4).Draw(t, "suits") > 0 {
					kind.Items = append(kind.Items, i)
				}
			}
			problem.Kinds = append(problem.Kinds, kind)
		}
		room := []float64{draw("free cpus", 0, 12), draw("free memory", 0, 12)}
		best := cheapestPacking(problem, all, [][]int32{nil}, room)
		if math.IsInf(best, 1) {
			t.Skip("an item fits nowhere")
		}
		if got := wholeBound(problem, room, 1000); got > best+1e-6 {
			t.Fatalf("the bound is %v, and a packing costs %v", got, best)
		} else if got > best-1e-6 {
			reached++
		}
	})
	if reached == 0 {
		t.Error("the bound was never reached")
	}
}

// cheapestPacking is the least cost of putting items on the machines begun, of which the
// first is the room, or on new ones.
func cheapestPacking(p *Problem, items []int32, begun [][]int32, room []float64) float64 {
	if len(items) == 0 {
		sum := 0.0
		for n, together := range begun {
			need := make([]float64, len(room))
			for _, i := range together {
				for r, x := range p.Items[i].Need {
					need[r] += x
				}
			}
			least := math.Inf(1)
			if n == 0 && Fits(room, need) > 0 {
				least = 0
			}
			for k := range p.Kinds {
				kind := &p.Kinds[k]
				suits := !slices.ContainsFunc(together, func(i int32) bool { return !slices.Contains(kind.Items, i) })
				if n > 0 && suits && Fits(kind.Capacity, need) > 0 {
					least = min(least, kind.Cost)
				}
			}
			sum += least
		}
		return sum
	}
	best := cheapestPacking(p, items[1:], append(slices.Clone(begun), items[:1]), room)
	for n := range begun {
		next := slices.Clone(begun)
		next[n] = append(slices.Clone(begun[n]), items[0])
		best = min(best, cheapestPacking(p, items[1:], next, room))
	}
	return best
}
