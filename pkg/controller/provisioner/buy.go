// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
)

// onePod is what a pod takes of a node's room for pods.
var onePod = resource.MustParse("1")

// listedPods bounds status.decision.pods.
const listedPods = 20

// newEdge is the Edge that buys an offering under a template.
func newEdge(template *v1beta1.NodeTemplate, location string, o *catalog.Offering) *v1beta1.Edge {
	return &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: template.Namespace, GenerateName: template.Name + "-"},
		Spec: v1beta1.EdgeSpec{
			EdgeLocationName: location, NodeTemplateName: template.Name,
			InstanceType: o.InstanceType, Zone: o.Zone, CapacityType: v1beta1.CapacityType(o.CapacityType),
			Labels: maps.Clone(template.Spec.Labels), Taints: slices.Clone(template.Spec.Taints),
		},
	}
}

// buy creates the Edge of a purchase, notes why, and tells the pods.
func (r *Reconciler) buy(ctx context.Context, p *scheduling.Purchase, g *gathered) error {
	template := g.templates[p.Candidate.Template]
	e := newEdge(template, p.Candidate.Location, &p.Candidate.Offering)
	if err := r.Omni.Create(ctx, e); err != nil {
		return fmt.Errorf("create the edge: %w", err)
	}
	if r.bought == nil {
		r.bought = map[types.UID]*v1beta1.Edge{}
	}
	r.bought[e.UID] = e

	before := e.DeepCopy()
	e.Status.HourlyPrice = catalog.FormatPrice(p.Candidate.Offering.HourlyPrice)
	e.Status.Decision = r.explain(p, g)
	if err := r.Omni.Status().Patch(ctx, e, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("note the decision on edge %s: %w", e.Name, err)
	}
	for _, pod := range p.Pods {
		r.purchases.Next(string(pod.UID), r.Clock.Now())
		r.tell(pod, corev1.EventTypeNormal, "Nominated", fmt.Sprintf("edge %s is bought: %s", e.Name, describe(&p.Candidate)))
	}
	return nil
}

func (r *Reconciler) explain(p *scheduling.Purchase, g *gathered) *v1beta1.EdgeDecision {
	locations := map[string]bool{}
	for i := range g.problem.Candidates {
		locations[g.problem.Candidates[i].Location] = true
	}
	decision := &v1beta1.EdgeDecision{
		ChosenBecause: fmt.Sprintf("lowest price for what it holds; pods: %d, offerings compared: %d, edge locations: %d, price: %s",
			len(p.Pods), len(g.problem.Candidates), len(locations), p.Candidate.Offering.PriceSource),
	}
	if p.RunnerUp != nil {
		decision.RunnerUp = describe(p.RunnerUp)
	}
	for _, pod := range p.Pods[:min(len(p.Pods), listedPods)] {
		decision.Pods = append(decision.Pods, pod.Namespace+"/"+pod.Name)
	}
	return decision
}

func describe(c *scheduling.Candidate) string {
	return fmt.Sprintf("%s %s in %s at %s USD/h",
		c.Offering.InstanceType, c.Offering.CapacityType, c.Offering.Zone, catalog.FormatPrice(c.Offering.HourlyPrice))
}
