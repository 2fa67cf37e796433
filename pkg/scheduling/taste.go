// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/selection"
)

// tastes are the classes of a plan's pods divided by what the pods prefer, and what each
// of them is to the others.
type tastes struct {
	// view is the model of the problem in which the tastes are the classes, and the
	// candidates those that the machines of the plan may be. Its profiles know preferences.
	view *model
	// of is the taste of each class and pod that the plan places; class is the other way round.
	of    [][]int32
	class []int32
	// company has a rule for each taste, then for each sort of pods on nodes: the
	// tallies that it feeds.
	company *topology
	tallies map[string]int
	// pods are one of each, and labelled the places of those that have a label, by its key and value.
	pods     []*corev1.Pod
	labelled map[string]map[string][]int32
	// wishes are by taste, likings by taste and profile.
	wishes  [][]wish
	likings [][]int64
}

// wish says that a pod prefers, or with a weight below zero avoids, each pod of a tally in
// its domain. What others wish of the pod is among its wishes too: so the change of its
// own when it moves is that of all pods together.
type wish struct {
	tally  int
	weight int64
}

// newTastes divides the classes of the plan. candidates are those that its machines may be.
func (p *plan) newTastes(candidates []Candidate) *tastes {
	problem := *p.model.problem
	problem.Candidates = candidates
	t := &tastes{view: &model{problem: &problem, preferred: true}, tallies: map[string]int{}, labelled: map[string]map[string][]int32{}}
	t.divide(p)
	for _, r := range p.model.requirements {
		asked := *r
		t.view.requirements = append(t.view.requirements, &asked)
	}
	t.view.nodeLabels = t.view.lookedNodeLabels()
	t.view.profile()
	residents := t.view.residents()
	t.company = &topology{keys: []string{corev1.LabelHostname}, rules: make([]*rules, len(t.class)+len(residents))}
	t.wishes = make([][]wish, len(t.class))
	for _, class := range t.view.classes {
		t.pods = append(t.pods, class.sample())
		t.likings = append(t.likings, likings(class.sample(), t.view.profiles))
	}
	t.pods = append(t.pods, residents...)
	for c := range t.pods {
		t.company.rules[c] = &rules{}
	}
	for c, pod := range t.pods {
		if c < len(t.class) {
			t.spread(c)
		}
		for _, preferred := range preferredTerms(pod) {
			selector := termSelector(pod, preferred.term)
			t.wish(c, preferred.weight, t.company.key(t.view, preferred.term.TopologyKey), nil, t.selected(selector))
		}
	}
	return t
}

// divide sorts the pods that the plan places.
func (t *tastes) divide(p *plan) {
	looked, company := lookedLabels(p.model.problem, true)
	var e encoder
	for c, whole := range p.model.classes {
		index := map[string]int32{}
		of := make([]int32, len(whole.pods)-int(p.left[c]))
		for i := range of {
			pod := whole.pods[i]
			e.bytes = e.bytes[:0]
			if company {
				e.company(pod, looked, true)
			}
			e.preference(pod)
			taste, ok := index[string(e.bytes)]
			if !ok {
				taste = int32(len(t.class))
				index[string(e.bytes)] = taste
				t.class = append(t.class, int32(c))
				t.view.classes = append(t.view.classes, &class{requirement: whole.requirement})
			}
			t.view.classes[taste].pods = append(t.view.classes[taste].pods, pod)
			of[i] = taste
		}
		t.of = append(t.of, of)
	}
}

// selected returns the places of the pods that a selector matches. Most ask for one value
// of a label, so that it need not look at all pods for each of many deployments.
func (t *tastes) selected(s *podSelector) (found []int32) {
	look := func(c int32) {
		if s.matches(t.pods[c], t.view.problem.Namespaces) {
			found = append(found, c)
		}
	}
	asked, _ := s.labels.Requirements()
	for i := range asked {
		if values := asked[i].ValuesUnsorted(); len(values) == 1 && (asked[i].Operator() == selection.In || asked[i].Operator() == selection.Equals) {
			for _, c := range t.byLabel(asked[i].Key())[values[0]] {
				look(c)
			}
			return found
		}
	}
	for c := range t.pods {
		look(int32(c))
	}
	return found
}

func (t *tastes) byLabel(key string) map[string][]int32 {
	if t.labelled[key] == nil {
		t.labelled[key] = map[string][]int32{}
		for c, pod := range t.pods {
			if value, has := pod.Labels[key]; has {
				t.labelled[key][value] = append(t.labelled[key][value], int32(c))
			}
		}
	}
	return t.labelled[key]
}

// spread adds the wishes of a taste's topology spread.
func (t *tastes) spread(c int) {
	constraints := softSpreads(t.pods[c])
	for _, constraint := range constraints {
		selector := spreadSelector(t.pods[c], constraint)
		var others []int32
		if !selector.labels.Empty() { // as in addSpreads
			others = slices.DeleteFunc(t.selected(selector), func(c int32) bool { return t.pods[c].DeletionTimestamp != nil })
		}
		t.wish(c, -softSpread, t.company.key(t.view, constraint.TopologyKey), t.company.eligible(t.view, t.view.classes[c], constraint, constraints), others)
		t.avoidUnlabelled(c, constraint.TopologyKey, others)
	}
}

// avoidUnlabelled makes a node without the label of a constraint as bad as one beside all
// the pods that the constraint counts: for the scheduler, too, there is no worse.
func (t *tastes) avoidUnlabelled(c int, label string, others []int32) {
	count := 0
	for _, other := range others {
		if int(other) < len(t.class) {
			count += len(t.view.classes[other].pods)
		}
	}
	for p, profile := range t.view.profiles {
		if _, has := profile.node.Labels[label]; !has {
			t.likings[c][p] -= softSpread * int64(count)
		}
	}
}

// wish adds what a taste, or a pod on a node, wishes of others, both ways. What those on
// nodes wish of each other changes no more.
func (t *tastes) wish(c int, weight int64, key int, eligible []bool, others []int32) {
	if !slices.Contains(eligible, false) {
		eligible = nil
	}
	if c < len(t.wishes) && len(others) > 0 {
		t.add(c, wish{t.tally(key, eligible, others), weight})
	}
	for _, other := range others {
		if int(other) < len(t.wishes) {
			t.add(int(other), wish{t.tally(key, eligible, []int32{int32(c)}), weight})
		}
	}
}

func (t *tastes) add(c int, w wish) {
	for i := range t.wishes[c] {
		if t.wishes[c][i].tally == w.tally {
			t.wishes[c][i].weight += w.weight
			return
		}
	}
	t.wishes[c] = append(t.wishes[c], w)
}

// tally returns the place of the tally of some pods, which are often those of several wishes.
func (t *tastes) tally(key int, eligible []bool, of []int32) int {
	var e encoder
	e.int(int64(key))
	e.int(int64(len(eligible)))
	for _, is := range eligible {
		e.bool(is)
	}
	for _, c := range of {
		e.int(int64(c))
	}
	n, ok := t.tallies[string(e.bytes)]
	if !ok {
		n = len(t.company.tallies)
		t.tallies[string(e.bytes)] = n
		t.company.tallies = append(t.company.tallies, &tallied{key: key, eligible: eligible})
		for _, c := range of {
			t.company.rules[c].feeds = append(t.company.rules[c].feeds, n)
		}
	}
	return n
}
