// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
)

// plannedPods bounds status.decision.pods.
const plannedPods = 1024

// buy creates the Edge of a purchase, notes why, and tells the pods.
func (r *Reconciler) buy(ctx context.Context, s *state.State, decision *scheduling.Decision, p *scheduling.Purchase) error {
	e := state.NewEdge(s.Templates[p.Candidate.Template], p.Candidate.Location, &p.Candidate.Offering)
	if err := r.Omni.Create(ctx, e); err != nil {
		return fmt.Errorf("create the edge: %w", err)
	}
	before := e.DeepCopy()
	e.Status.HourlyPrice = catalog.FormatPrice(p.Candidate.Offering.HourlyPrice)
	e.Status.Decision = explain(s, decision, p)
	if err := r.Omni.Status().Patch(ctx, e, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("note the decision on edge %s: %w", e.Name, err)
	}
	for _, pod := range p.Pods {
		r.purchases.Next(string(pod.UID), r.Clock.Now())
		r.tell(pod, corev1.EventTypeNormal, "Nominated", fmt.Sprintf("edge %s is bought: %s", e.Name, describe(&p.Candidate)))
	}
	return nil
}

// place tells the pods that need no new machine, and adds those that fit on one
// that waits for its pods to its plan.
func (r *Reconciler) place(ctx context.Context, s *state.State, placed []scheduling.Placement) error {
	joining := map[string][]string{}
	var nodes []string
	for _, p := range placed {
		e := s.Edges[p.Node]
		if e == nil {
			r.tell(p.Pod, corev1.EventTypeNormal, "Nominated", fmt.Sprintf("should fit on node %s of the main cluster", p.Node))
			continue
		}
		r.tell(p.Pod, corev1.EventTypeNormal, "Nominated", fmt.Sprintf("should fit on edge %s", e.Name))
		if !s.Plan.Edges.Has(e.UID) {
			continue
		}
		if joining[p.Node] == nil {
			nodes = append(nodes, p.Node)
		}
		joining[p.Node] = append(joining[p.Node], state.PlanKey(p.Pod))
	}
	for _, node := range nodes {
		e := s.Edges[node]
		before := e.DeepCopy()
		planned := &e.Status.Decision.Pods
		for _, pod := range joining[node] {
			if len(*planned) < plannedPods && !slices.Contains(*planned, pod) {
				*planned = append(*planned, pod)
			}
		}
		if err := r.Omni.Status().Patch(ctx, e, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("add pods to the plan of edge %s: %w", e.Name, err)
		}
	}
	return nil
}
