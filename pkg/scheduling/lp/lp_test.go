// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lp

import (
	"math"
	"testing"
)

func TestBound(t *testing.T) {
	for name, test := range map[string]struct {
		items []Item
		kinds []Kind
		want  float64
	}{
		"two halves in one":          {[]Item{{Need: []float64{5}, Count: 4}}, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}}, 2},
		"one that cannot be cut":     {[]Item{{Need: []float64{6}, Count: 3}}, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}}, 3},
		"one a machine":              {[]Item{{Need: []float64{1}, Count: 3, Most: 1}}, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}}, 3},
		"the cheaper of two":         {[]Item{{Need: []float64{5}, Count: 4}}, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}, {Capacity: []float64{20}, Cost: 1.5, Items: []int32{0}}}, 1.5},
		"two resources side by side": {[]Item{{Need: []float64{9, 1}, Count: 2}, {Need: []float64{1, 9}, Count: 2}}, []Kind{{Capacity: []float64{10, 10}, Cost: 1, Items: []int32{0, 1}}}, 2},
		"a kind for one item only":   {[]Item{{Need: []float64{5}, Count: 2}, {Need: []float64{5}, Count: 2}}, []Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}, {Capacity: []float64{10}, Cost: 3, Items: []int32{0, 1}}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			problem := &Problem{Items: test.items, Kinds: test.kinds}
			problem.Scale()
			demand := make([]int32, len(test.items))
			for i := range demand {
				demand[i] = int32(test.items[i].Count)
			}
			solver := NewSolver(problem, 100_000)
			solution := solver.Solve(demand, nil)
			bound, prices := solver.Bound(solution.Values, demand, 1000)
			if math.Abs(bound-test.want) > 1e-3*test.want || bound > test.want+1e-9 {
				t.Errorf("bound %v by %v, want %v", bound, prices, test.want)
			}
			relaxed, _ := solver.Bound(solution.Cut, demand, 1000)
			if relaxed > test.want+1e-9 {
				t.Errorf("relaxed bound %v is above %v", relaxed, test.want)
			}
		})
	}
}
