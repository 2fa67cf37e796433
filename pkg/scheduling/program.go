// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/castai/omni/pkg/scheduling/lp"
)

// program is the packing of some classes on some kinds in figures alone: what the
// packages lp and pack work on.
type program struct {
	lp.Problem
	kinds []kind
	// classes are the indexes of the classes of each item, which ask for the same
	// and are let on the same kinds and nodes; itemOf is the other way round, -1 for none.
	classes [][]int
	itemOf  []int32
	demand  []int32
	scale   []float64
	// mean is that of the kinds' capacities, which says what is much.
	mean     []float64
	solver   *lp.Solver
	solution lp.Solution
}

// newProgram returns the program of packing so many pods of each class on kinds,
// solved in about so many steps.
func (m *model) newProgram(kinds []kind, left []int32, steps int) *program {
	p := &program{kinds: kinds, itemOf: make([]int32, len(m.classes))}
	index := map[string]int{}
	var key []byte
	allowed := make([]string, len(m.requirements))
	for c, class := range m.classes {
		p.itemOf[c] = -1
		if left[c] == 0 {
			continue
		}
		if allowed[class.requirement] == "" {
			allowed[class.requirement] = m.allowedKinds(class.requirement, kinds)
		}
		key = append(key[:0], allowed[class.requirement]...)
		key = binary.LittleEndian.AppendUint32(key, uint32(m.most(c)))
		for _, x := range class.need {
			key = binary.LittleEndian.AppendUint64(key, math.Float64bits(x))
		}
		i, ok := index[string(key)]
		if !ok {
			i = len(p.Items)
			index[string(key)] = i
			p.Items = append(p.Items, lp.Item{Need: slices.Clone(class.need), Most: m.most(c)})
			p.classes = append(p.classes, nil)
			p.demand = append(p.demand, 0)
		}
		p.itemOf[c] = int32(i)
		p.classes[i] = append(p.classes[i], c)
		p.Items[i].Count += int(left[c])
		p.demand[i] += left[c]
	}
	for k := range kinds {
		p.Kinds = append(p.Kinds, m.lpKind(p, &kinds[k]))
	}
	p.scale = p.Scale()
	p.mean = make([]float64, len(m.names))
	for r := range p.mean {
		p.mean[r] = tiny
		for k := range p.Kinds {
			p.mean[r] += p.Kinds[k].Capacity[r] / float64(len(p.Kinds))
		}
	}
	p.solver = lp.NewSolver(&p.Problem, steps*max(1, len(p.Items)/manyItems))
	p.solution = p.solver.Solve(p.demand, nil)
	return p
}

// The steps of the linear programs: of the one for all pods, of that when some of them are
// tied, which are placed one by one whatever it says, and of one for what is left of them.
// A step takes some nanoseconds; more of them make the bill smaller by ever less, however
// many pods there are.
const (
	wholeSteps = 9_000_000
	roughSteps = 2_000_000
	partSteps  = 300_000
	// manyItems are as many as these steps are enough for; more take more.
	manyItems = 40
)

// steps are those of a program for all pods.
func (m *model) steps() int {
	if slices.ContainsFunc(m.classes, func(c *class) bool { return c.tied }) {
		return roughSteps
	}
	return wholeSteps
}

// scaled returns a vector to the program's scale.
func (p *program) scaled(vector []float64) []float64 {
	scaled := slices.Clone(vector)
	for r := range scaled {
		if p.scale != nil {
			scaled[r] *= p.scale[r]
		}
	}
	return scaled
}

// most returns how many pods of a class may share a machine: one, if it keeps
// others of its like away by anti-affinity or host ports; 0 is any number.
func (m *model) most(class int) int {
	r := m.topology.rules[class]
	if len(r.ports) > 0 {
		return 1
	}
	for _, tally := range r.without {
		if m.topology.tallies[tally].key == hostKey && slices.Contains(r.feeds, tally) {
			return 1
		}
	}
	return 0
}

// allowedKinds returns one byte for every kind and node: whether its profile will do.
func (m *model) allowedKinds(requirement int, kinds []kind) string {
	var allowed encoder
	for k := range kinds {
		allowed.bool(m.answer(requirement, kinds[k].profile).refusal == "")
	}
	for _, profile := range m.nodeProfiles {
		allowed.bool(m.answer(requirement, profile).refusal == "")
	}
	return string(allowed.bytes)
}

func (m *model) lpKind(p *program, k *kind) lp.Kind {
	program := lp.Kind{Capacity: slices.Clone(k.capacity), Cost: k.cost}
	for i := range p.Items {
		if m.suits(m.classes[p.classes[i][0]], k.profile) && tooSmall(k.capacity, p.Items[i].Need) < 0 {
			program.Items = append(program.Items, int32(i))
		}
	}
	return program
}
