// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
)

// explain says why a machine is bought.
func explain(s *state.State, decision *scheduling.Decision, p *scheduling.Purchase) *v1beta1.EdgeDecision {
	locations := sets.New[string]()
	for i := range s.Problem.Candidates {
		if c := &s.Problem.Candidates[i]; !c.Main() {
			locations.Insert(c.Template.Namespace + "/" + c.Location)
		}
	}
	d := &v1beta1.EdgeDecision{
		ChosenBecause: fmt.Sprintf("lowest cost for what it holds; pods: %d, offerings compared: %d, edge locations: %d, price: %s",
			len(p.Pods), len(s.Problem.Candidates), locations.Len(), p.Candidate.Offering.PriceSource),
		Cost: costOf(&p.Candidate.Cost),
	}
	if p.RunnerUp != nil {
		d.RunnerUp, d.RunnerUpCost = describe(p.RunnerUp), catalog.FormatPrice(p.RunnerUp.Cost.Total())
	}
	if decision.LowerBound > 0 {
		d.Bill, d.LowerBound = catalog.FormatPrice(decision.Cost), catalog.FormatPrice(decision.LowerBound)
		d.WithinPercent = strconv.FormatFloat(max(0, 100*(decision.Cost/decision.LowerBound-1)), 'f', 1, 64)
	}
	for _, pod := range p.Pods[:min(len(p.Pods), plannedPods)] {
		d.Pods = append(d.Pods, state.PlanKey(pod))
	}
	return d
}

func costOf(cost *scheduling.Cost) *v1beta1.DecisionCost {
	part := func(hourly float64) string {
		if hourly == 0 {
			return ""
		}
		return catalog.FormatPrice(hourly)
	}
	return &v1beta1.DecisionCost{
		Price: part(cost.Price), Adjustment: part(cost.Adjustment), Overhead: part(cost.Overhead),
		Interruption: part(cost.Interruption), Egress: part(cost.Egress), Total: part(cost.Total()),
	}
}

func describe(c *scheduling.Candidate) string {
	where := c.Offering.Zone
	if where == "" {
		where = c.Offering.Region
	}
	return fmt.Sprintf("%s %s in %s at %s USD/h", c.Offering.InstanceType, c.Offering.CapacityType, where, catalog.FormatPrice(c.Offering.HourlyPrice))
}

// leaveToMain tells pods that machines of the main cluster are cheaper for them,
// and than what: they are left to its own autoscaler.
func (r *Reconciler) leaveToMain(s *state.State, purchases []*scheduling.Purchase) {
	if len(purchases) == 0 {
		return
	}
	onEdges := s.Problem
	onEdges.Pods = nil
	for _, p := range purchases {
		onEdges.Pods = append(onEdges.Pods, p.Pods...)
	}
	onEdges.Candidates = slices.DeleteFunc(slices.Clone(s.Problem.Candidates), func(c scheduling.Candidate) bool { return c.Main() })
	alternatives := map[types.UID]*scheduling.Candidate{}
	alternative := scheduling.Solve(onEdges)
	for i := range alternative.Purchases {
		for _, pod := range alternative.Purchases[i].Pods {
			alternatives[pod.UID] = &alternative.Purchases[i].Candidate
		}
	}
	for _, p := range purchases {
		for _, pod := range p.Pods {
			against := "no edge takes it"
			if c := alternatives[pod.UID]; c != nil {
				against = "the cheapest edge for it is " + describe(c)
			}
			r.tell(pod, corev1.EventTypeNormal, "MainClusterCheaper", fmt.Sprintf(
				"no edge is bought: the main cluster is cheaper with %s; %s", describe(&p.Candidate), against))
		}
	}
}

// tell writes an event on a pod, unless the last one said the same.
func (r *Reconciler) tell(pod *corev1.Pod, eventType, reason, message string) {
	if r.told[pod.UID] == message {
		return
	}
	if r.told == nil {
		r.told = map[types.UID]string{}
	}
	r.told[pod.UID] = message
	r.Recorder.Eventf(pod, nil, eventType, reason, "Provision", "%s", message)
}

// forget what was told to pods that are not pending any more.
func (r *Reconciler) forget(s *state.State) {
	pending := sets.New[types.UID]()
	for _, pods := range [][]*corev1.Pod{s.Problem.Pods, s.Planned} {
		for _, pod := range pods {
			pending.Insert(pod.UID)
		}
	}
	for uid := range r.told {
		if !pending.Has(uid) {
			delete(r.told, uid)
		}
	}
}
