// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/castai/omni/pkg/scheduling/lp"
)

// TestMix: the machine with the most value for its cost is a large one, after which a small
// one is nearly empty; two small ones cost less.
func TestMix(t *testing.T) {
	problem := &lp.Problem{
		Items: []lp.Item{{Need: []float64{1}, Count: 12}},
		Kinds: []lp.Kind{{Capacity: []float64{10}, Cost: 1, Items: []int32{0}}, {Capacity: []float64{6}, Cost: 0.65, Items: []int32{0}}},
	}
	problem.Scale()
	p := &packer{problem: problem, solver: lp.NewSolver(problem, 10_000), floor: floors(problem)}
	rest, values := []int32{12}, []float64{0.1}
	greedy, ok := p.greedy(slices.Clone(rest), values, 10)
	if !ok || p.cost(greedy) != 1.65 {
		t.Fatalf("the greedy way costs %v, want 1.65", p.cost(greedy))
	}
	machines, ok := p.mix(rest, values, p.cost(greedy))
	if !ok || p.cost(machines) != 1.3 {
		t.Errorf("found: %v, for %v; want 1.3", ok, p.cost(machines))
	}
	if machines, ok := p.mix(rest, values, 1.3); ok {
		t.Errorf("%v for less than the least", machines)
	}
}

// TestPackHoldsTheDemand draws problems, and looks at what is on every machine.
func TestPackHoldsTheDemand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, least, most int) float64 { return float64(rapid.IntRange(least, most).Draw(t, name)) }
		problem := &lp.Problem{}
		var demand []int32
		for range rapid.IntRange(1, 6).Draw(t, "items") {
			item := lp.Item{
				Need:  []float64{draw("cpu", 1, 9), draw("memory", 0, 9)},
				Count: rapid.IntRange(1, 20).Draw(t, "count"), Most: rapid.IntRange(0, 3).Draw(t, "most"),
			}
			problem.Items = append(problem.Items, item)
			demand = append(demand, int32(item.Count))
		}
		for k := range rapid.IntRange(1, 5).Draw(t, "kinds") {
			kind := lp.Kind{Capacity: []float64{draw("cpus", 9, 40), draw("memories", 9, 40)}, Cost: draw("cost", 1, 30)}
			for i := range int32(len(problem.Items)) {
				if k == 0 || rapid.Bool().Draw(t, "suits") {
					kind.Items = append(kind.Items, i)
				}
			}
			problem.Kinds = append(problem.Kinds, kind)
		}
		problem.Scale()
		solver := lp.NewSolver(problem, 100_000)
		solution := solver.Solve(demand, nil)
		bound, _ := solver.Bound(solution.Values, demand, 1000)
		cost, left := 0.0, slices.Clone(demand)
		for _, c := range Pack(problem, solver, demand, solution, 20) {
			kind := &problem.Kinds[c.Kind]
			cost += kind.Cost
			free := slices.Clone(kind.Capacity)
			for n, item := range c.Items {
				it := &problem.Items[item]
				left[item] -= c.Counts[n]
				for r, need := range it.Need {
					free[r] -= float64(c.Counts[n]) * need
				}
				if it.Most > 0 && int(c.Counts[n]) > it.Most || !slices.Contains(kind.Items, item) {
					t.Fatalf("%d of item %d on kind %d, which takes %v, %d at most", c.Counts[n], item, c.Kind, kind.Items, it.Most)
				}
			}
			if slices.Min(free) < 0 {
				t.Fatalf("%v is too much for kind %d by %v", c, c.Kind, free)
			}
		}
		if slices.ContainsFunc(left, func(count int32) bool { return count != 0 }) || cost < bound-1e-9 {
			t.Fatalf("left %v; cost %v, bound %v", left, cost, bound)
		}
	})
}
