// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// withGroups solves the problem, again without a group of which too few pods were
// placed, until all groups that are left are whole. It returns the plan and the
// groups that were given up, with the reason. A group that was given up for the sake of
// another, or of pods that are placed otherwise without it, may have a place after all.
func (m *model) withGroups(base *program) (*plan, map[group]string) {
	without := map[group]string{}
	wanted := make([]bool, len(m.classes))
	for c := range wanted {
		wanted[c] = true
	}
	sizes := m.groups()
	for {
		p := m.solve(base, wanted)
		broken, reason := p.broken(sizes, without)
		if reason == "" {
			p.takeBack(sizes, without)
			return p, without
		}
		without[broken] = reason
		for c, class := range m.classes {
			if class.group == broken {
				wanted[c] = false
			}
		}
	}
}

// takeBack places groups that were given up, the most urgent first, where that is
// possible beside what the plan places.
func (p *plan) takeBack(sizes []size, without map[group]string) {
	for _, s := range slices.Backward(sizes) {
		if _, given := without[s.group]; !given {
			continue
		}
		wanted := make([]bool, len(p.model.classes))
		for c, class := range p.model.classes {
			wanted[c] = class.group == s.group
		}
		next, rest := p.clone(), maps.Clone(without)
		delete(rest, s.group)
		next.extend(p.model.kinds, wanted)
		if _, broken := next.broken(sizes, rest); broken == "" && next.placesMore(p) > 0 {
			*p = *next
			delete(without, s.group)
		}
	}
}

// placed returns how many pods of a group the plan places.
func (p *plan) placed(g group) (n int) {
	for c, class := range p.model.classes {
		if class.group == g {
			n += len(class.pods) - int(p.left[c])
		}
	}
	return n
}

// size is what a group asks for.
type size struct {
	group    group
	priority int32
	// enough is how many pods have to be placed; those that run already are
	// taken off.
	enough int
}

// groups returns the groups in the order in which they are given up.
func (m *model) groups() []size {
	found := map[group]*size{}
	for _, class := range m.classes {
		if class.group == (group{}) {
			continue
		}
		s, ok := found[class.group]
		if !ok {
			s = &size{group: class.group, priority: class.priority}
			found[class.group] = s
		}
		s.priority = max(s.priority, class.priority)
	}
	for _, pod := range m.problem.Pods { // also those that cannot be decided on
		if s, ok := found[groupOf(pod)]; ok {
			s.enough++
		}
	}
	for g, s := range found {
		if least, ok := m.minAvailable(g); ok {
			s.enough = max(0, least-m.running(g))
		}
	}
	var sizes []size
	for _, s := range found {
		sizes = append(sizes, *s)
	}
	slices.SortFunc(sizes, func(a, b size) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority),
			cmp.Compare(b.group.namespace, a.group.namespace), cmp.Compare(b.group.name, a.group.name))
	})
	return sizes
}

// minAvailable returns how many pods of a group are enough: the most that one of
// them says, if any does.
func (m *model) minAvailable(g group) (least int, ok bool) {
	for _, pod := range m.problem.Pods {
		if groupOf(pod) != g {
			continue
		}
		if n, err := strconv.Atoi(pod.Annotations[v1beta1.AnnotationPodGroupMinAvailable]); err == nil {
			least, ok = max(least, n), true
		}
	}
	return least, ok
}

// running returns how many pods of a group are on nodes.
func (m *model) running(g group) (n int) {
	for i := range m.problem.Nodes {
		for _, pod := range m.problem.Nodes[i].Pods {
			if groupOf(pod) == g {
				n++
			}
		}
	}
	return n
}

// broken returns the first group that is not given up and of which too few pods are
// placed, and why the first of them is not; the reason is empty when there is none.
func (p *plan) broken(sizes []size, without map[group]string) (group, string) {
	for _, s := range sizes {
		if _, given := without[s.group]; given {
			continue
		}
		placed, why := p.placed(s.group), ""
		for c, class := range p.model.classes {
			if class.group == s.group && p.left[c] > 0 && why == "" {
				why = p.reason(c)
			}
		}
		if why == "" {
			why = "the volumes of the others are not known" // all that classes are not made of
		}
		if placed < s.enough {
			return s.group, fmt.Sprintf("only %d of the %d pods that group %s needs can be placed: %s", placed, s.enough, s.group.name, why)
		}
	}
	return group{}, ""
}
