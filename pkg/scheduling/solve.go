// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/catalog"
)

// Solve places pods on the nodes there are, then buys machines for the rest: again
// and again the one that gives most for its price. What a pod is worth is the
// least it would cost alone, as its share of the cheapest machine that takes it.
func Solve(problem Problem) Decision {
	var decision Decision
	pending := slices.DeleteFunc(requests(problem.Pods), func(r request) bool {
		constraint := unsupported(r.pod)
		if constraint != "" {
			decision.Unschedulable = append(decision.Unschedulable, Unschedulable{r.pod, constraint + " cannot be met by edges yet"})
		}
		return constraint != ""
	})
	pending = placeOnNodes(pending, problem.Nodes, &decision)

	s := solver{candidates: slices.Clone(problem.Candidates), budgets: maps.Clone(problem.Budgets)}
	slices.SortStableFunc(s.candidates, compareCandidates)
	pending = s.prepare(pending, &decision)
	for len(pending) > 0 {
		best, runnerUp := s.choose(pending)
		if best == nil {
			for i := range pending {
				decision.Unschedulable = append(decision.Unschedulable, Unschedulable{pending[i].pod, s.limitReason(&pending[i])})
			}
			break
		}
		pending = s.buy(best, runnerUp, pending, &decision)
	}
	return decision
}

func compareCandidates(a, b Candidate) int {
	return cmp.Or(
		catalog.Cheaper(a.Offering, b.Offering),
		cmp.Compare(a.Location, b.Location),
		cmp.Compare(a.Template.Namespace, b.Template.Namespace),
		cmp.Compare(a.Template.Name, b.Template.Name),
	)
}

// placeOnNodes gives pods to nodes that exist or are on their way, first fit.
func placeOnNodes(pods []request, nodes []Node, decision *Decision) (rest []request) {
	free := make([]corev1.ResourceList, len(nodes))
	for i := range nodes {
		free[i] = nodes[i].Free.DeepCopy()
	}
	for _, pod := range pods {
		i := 0
		for i < len(nodes) && (pod.accepts(nodes[i].Labels, nodes[i].Taints) != "" || pod.fits(free[i]) != "") {
			i++
		}
		if i == len(nodes) {
			rest = append(rest, pod)
			continue
		}
		pod.take(free[i])
		decision.Placed = append(decision.Placed, Placement{pod.pod, nodes[i].Name})
	}
	return rest
}

type solver struct {
	candidates []Candidate
	budgets    map[Template]Budget
	// takes[c][p]: candidate c can take pod p alone; worth[p] in US dollars
	// per hour. Both by the pod's pointer, which outlives the slices.
	takes []map[*corev1.Pod]bool
	worth map[*corev1.Pod]float64
}

// prepare computes which candidate takes which pod, and sorts out the pods that
// none takes.
func (s *solver) prepare(pods []request, decision *Decision) (rest []request) {
	s.takes = make([]map[*corev1.Pod]bool, len(s.candidates))
	for c := range s.takes {
		s.takes[c] = map[*corev1.Pod]bool{}
	}
	s.worth = map[*corev1.Pod]float64{}
	for _, pod := range pods {
		reason := "no node template allows edge locations that are ready"
		worth := math.Inf(1)
		for c := range s.candidates {
			candidate := &s.candidates[c]
			if why := pod.accepts(candidate.Labels, candidate.Taints); why != "" {
				reason = why
				continue
			}
			if tooSmall := pod.fits(candidate.Offering.Allocatable); tooSmall != "" {
				reason = fmt.Sprintf("no allowed machine has enough %s", tooSmall)
				continue
			}
			s.takes[c][pod.pod] = true
			worth = min(worth, candidate.Offering.HourlyPrice*pod.share(candidate.Offering.Allocatable))
		}
		if math.IsInf(worth, 1) {
			decision.Unschedulable = append(decision.Unschedulable, Unschedulable{pod.pod, reason})
			continue
		}
		s.worth[pod.pod] = worth
		rest = append(rest, pod)
	}
	return rest
}

// choose returns the candidate with the least price for the worth of the pods it
// holds, and the next best one of another type or location.
func (s *solver) choose(pending []request) (best, runnerUp *int) {
	type score struct {
		index int
		cost  float64
	}
	var scores []score
	for c := range s.candidates {
		if _, ok := s.budget(c).allows(&s.candidates[c]); !ok {
			continue
		}
		worth := 0.0
		for _, pod := range s.fill(c, pending) {
			worth += s.worth[pod.pod]
		}
		if worth > 0 {
			scores = append(scores, score{c, s.candidates[c].Offering.HourlyPrice / worth})
		}
	}
	if len(scores) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(scores, func(a, b score) int { return cmp.Compare(a.cost, b.cost) })
	best = &scores[0].index
	// The same machine in the next zone would say nothing.
	i := slices.IndexFunc(scores, func(x score) bool {
		return s.candidates[x.index].Offering.InstanceType != s.candidates[*best].Offering.InstanceType ||
			s.candidates[x.index].Location != s.candidates[*best].Location
	})
	if i < 0 {
		return best, nil
	}
	return best, &scores[i].index
}

// fill returns the pods that candidate c holds together, greatest first.
func (s *solver) fill(c int, pending []request) (held []request) {
	free := s.candidates[c].Offering.Allocatable.DeepCopy()
	for _, pod := range pending {
		if s.takes[c][pod.pod] && pod.fits(free) == "" {
			pod.take(free)
			held = append(held, pod)
		}
	}
	return held
}

func (s *solver) buy(best, runnerUp *int, pending []request, decision *Decision) (rest []request) {
	candidate := &s.candidates[*best]
	purchase := Purchase{Candidate: *candidate}
	if runnerUp != nil {
		purchase.RunnerUp = &s.candidates[*runnerUp]
	}
	held := map[*corev1.Pod]bool{}
	for _, pod := range s.fill(*best, pending) {
		held[pod.pod] = true
		purchase.Pods = append(purchase.Pods, pod.pod)
	}
	if budget, bounded := s.budgets[candidate.Template]; bounded {
		s.budgets[candidate.Template] = budget.spend(candidate)
	}
	decision.Purchases = append(decision.Purchases, purchase)
	return slices.DeleteFunc(pending, func(r request) bool { return held[r.pod] })
}

func (s *solver) budget(c int) Budget { return s.budgets[s.candidates[c].Template] }

// limitReason names the limit that keeps a pod from the machines that take it.
func (s *solver) limitReason(pod *request) string {
	for c := range s.candidates {
		if !s.takes[c][pod.pod] {
			continue
		}
		if limit, ok := s.budget(c).allows(&s.candidates[c]); !ok {
			return fmt.Sprintf("node template %s/%s has reached its %s",
				s.candidates[c].Template.Namespace, s.candidates[c].Template.Name, limit)
		}
	}
	return "no allowed machine takes it"
}
