// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reason says why the pods of a class are left: for every cause, how many of the
// offerings it rules out.
func (p *plan) reason(class int) string {
	m := p.model
	if len(m.problem.Candidates) == 0 {
		return "no node template allows edge locations that are ready"
	}
	causes := map[string]int{}
	for k := range m.kinds {
		causes[p.cause(class, &m.kinds[k])] += len(m.kinds[k].members)
	}
	return summary(len(m.problem.Candidates), causes)
}

// cause says why a pod of the class cannot have a new machine of a kind.
func (p *plan) cause(class int, k *kind) string {
	m := p.model
	c := m.classes[class]
	if refusal := m.answer(c.requirement, k.profile).refusal; refusal != "" {
		return refusal
	}
	if place := tooSmall(k.capacity, c.need); place >= 0 {
		return "too small in " + string(m.names[place])
	}
	if budget, bounded := p.budgets[k.template]; bounded {
		if limit, ok := budget.allows(m.candidate(k)); !ok {
			return fmt.Sprintf("beyond %s of node template %s/%s", limit, k.template.Namespace, k.template.Name)
		}
	}
	return "against the pods' topology spread, affinity or host ports"
}

// summary is one sentence in the scheduler's style, the most frequent cause first.
func summary(offerings int, causes map[string]int) string {
	sorted := slices.SortedFunc(maps.Keys(causes), func(a, b string) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(sorted))
	for i, cause := range sorted {
		parts[i] = fmt.Sprintf("%d %s", causes[cause], cause)
	}
	return fmt.Sprintf("0/%d offerings: %s", offerings, strings.Join(parts, ", "))
}
