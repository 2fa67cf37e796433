// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
	"github.com/castai/omni/pkg/scheduling/pack"
)

// stage places some pods and may buy some kinds of machines for them.
type stage struct {
	*plan
	census *census
	// wanted says which classes are to be placed.
	wanted []bool
	kinds  []kind
	// program holds the wanted classes; values are what a pod of each of its items is
	// worth.
	program *program
	values  []float64
	// ranked are the items by what they are worth for what they need.
	ranked []int32
}

// fillSteps bounds the search for what to put into the room of a machine.
const fillSteps = 100

// newStage values the wanted pods by the linear program of buying machines for them.
func (p *plan) newStage(census *census, wanted []bool, kinds []kind, program *program) *stage {
	values := program.solution.Values
	s := &stage{plan: p, census: census, wanted: wanted, kinds: kinds, program: program, values: slices.Clone(values)}
	// What no machine can be bought for comes first where there is room.
	dearest := 1.0
	for _, value := range values {
		dearest = max(dearest, value)
	}
	for i := range s.values {
		if s.values[i] == 0 {
			s.values[i] = dearest
		}
	}
	s.rank()
	return s
}

func (s *stage) rank() {
	size := make([]float64, len(s.values))
	for i := range size {
		s.ranked = append(s.ranked, int32(i))
		size[i] = tiny
		for r, n := range s.program.Items[i].Need {
			size[i] += n / s.program.mean[r]
		}
	}
	slices.SortStableFunc(s.ranked, func(a, b int32) int { return cmp.Compare(s.values[b]/size[b], s.values[a]/size[a]) })
}

// tiny keeps divisions from zero.
const tiny = 1e-12

// run places tied pods one by one, then fills the room on machines that there are with
// others, and packs the rest.
func (s *stage) run() {
	s.placeTied()
	s.fillRoom()
	for s.packRest() {
		s.fillRoom()
	}
	s.fillRoom()
}

// open says whether pods of the class are left to be placed in this stage.
func (s *stage) open(class int) bool { return s.wanted[class] && s.left[class] > 0 }

// demand returns how many pods of each item are left that are not tied.
func (s *stage) demand() (demand []int32, any bool) {
	demand = make([]int32, len(s.program.Items))
	for c, item := range s.program.itemOf {
		if item >= 0 && s.open(c) && !s.model.classes[c].tied {
			demand[item] += s.left[c]
			any = true
		}
	}
	return demand, any
}

// fillRoom puts pods that are not tied on machines that there are.
func (s *stage) fillRoom() {
	for index := range s.machines {
		demand, any := s.demandOn(s.machines[index])
		if !any {
			continue
		}
		room := lp.Kind{Capacity: s.program.scaled(s.machines[index].free)}
		for item, count := range demand {
			if count > 0 {
				room.Items = append(room.Items, int32(item))
			}
		}
		if column, ok := s.program.solver.FillRoom(&room, s.values, demand, fillSteps); ok {
			s.putColumn(index, column)
		}
	}
}

// demandOn returns how many pods of each item are left that are not tied and that a
// machine takes. It may be of a template that the program does not know, and take some
// of an item's classes only.
func (s *stage) demandOn(m *machine) (demand []int32, any bool) {
	demand = make([]int32, len(s.program.Items))
	for c, item := range s.program.itemOf {
		if class := s.model.classes[c]; item >= 0 && s.open(c) && !class.tied && tooSmall(m.free, class.need) < 0 && s.model.suits(class, m.profile) {
			demand[item] += s.left[c]
			any = true
		}
	}
	return demand, any
}

// putColumn puts pods of the classes of a column's items on a machine.
func (s *stage) putColumn(index int, column lp.Column) {
	profile := s.machines[index].profile
	for n, item := range column.Items {
		count := column.Counts[n]
		for _, class := range s.program.classes[item] {
			some := min(count, s.left[class])
			if c := s.model.classes[class]; some > 0 && s.wanted[class] && !c.tied && s.model.suits(c, profile) {
				s.put(class, index, some)
				count -= some
			}
		}
	}
}

// packRest buys machines for the pods that are not tied, as far as the budgets allow.
// It is true when a budget forbade some: other machines may do.
func (s *stage) packRest() (again bool) {
	program := s.program
	demand, any := s.demand()
	if !any {
		return false
	}
	kinds := slices.DeleteFunc(slices.Clone(s.kinds), func(k kind) bool { return s.limit(&k) != "" || !s.census.usual(&k) })
	if len(kinds) < len(s.kinds) || !slices.Equal(demand, program.demand) {
		left := make([]int32, len(s.left))
		for c := range left {
			if s.open(c) && !s.model.classes[c].tied {
				left[c] = s.left[c]
			}
		}
		program = s.model.newProgram(s.model.prune(kinds, s.model.sameLimits), left, partSteps)
	}
	columns := pack.Pack(&program.Problem, program.solver, program.demand, program.solution, improvements)
	s = &stage{plan: s.plan, census: s.census, wanted: s.wanted, program: program}
	for _, column := range columns {
		if index, ok := s.buy(&program.kinds[column.Kind]); ok {
			s.census.appear(program.kinds[column.Kind].profile, int32(index), true)
			s.putColumn(index, column)
		} else {
			again = true
		}
	}
	return again
}

// improvements is how often pack takes machines apart.
const improvements = 60

// limit names the limit that forbids another machine of a kind, empty when none does.
func (p *plan) limit(k *kind) string {
	budget, bounded := p.budgets[k.template]
	if !bounded {
		return ""
	}
	limit, _ := budget.allows(p.model.candidate(k))
	return limit
}
