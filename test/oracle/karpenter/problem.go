// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/storage/ephemeral"
	volume "k8s.io/component-helpers/storage/volume"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/scheduling"
)

// Labels of Karpenter's.
const (
	labelNodePool     = "karpenter.sh/nodepool"
	labelRegistered   = "karpenter.sh/registered"
	labelInitialized  = "karpenter.sh/initialized"
	labelCapacityType = "karpenter.sh/capacity-type"
	// labelNodeClass is that of the NodeClass of the specs.
	labelNodeClass = "karpenter.test.sh/testnodeclass"
)

// namespace is that of the node templates that NodePools become.
const namespace = "karpenter"

// Problem translates the input of the case. The machines become ones of the main
// cluster, which has no edge taint and mounts volumes.
func (c *Case) Problem(catalogs map[string][]InstanceType) scheduling.Problem {
	p := scheduling.Problem{Pods: c.Pending, Namespaces: map[string]map[string]string{}, Claims: c.claims()}
	for _, n := range c.Namespaces {
		p.Namespaces[n.Name] = n.Labels
	}
	for i := range c.NodePools {
		pool := &c.NodePools[i]
		for _, t := range catalogs[c.Pools[pool.Metadata.Name]] {
			p.Candidates = append(p.Candidates, pool.candidates(&t)...)
		}
	}
	p.Nodes = c.nodes()
	return p
}

// candidates returns what the pool can buy of a type: each offering, with each set
// of labels that a node of it may get.
func (p *NodePool) candidates(t *InstanceType) []scheduling.Candidate {
	var list []scheduling.Candidate
	for i := range t.Offerings {
		offering := &t.Offerings[i]
		if !offering.Available || offering.full() {
			continue
		}
		base := map[string]string{
			labelNodePool: p.Metadata.Name, labelRegistered: "true", labelInitialized: "true", labelNodeClass: "default",
			corev1.LabelInstanceTypeStable: t.Name,
		}
		maps.Copy(base, p.Spec.Template.Metadata.Labels)
		requirements := slices.Concat(offering.Reqs, t.Reqs, p.Spec.Template.Spec.Requirements)
		for _, labels := range choices(base, requirements) {
			if met(requirements, labels) {
				list = append(list, p.candidate(t, offering, labels))
			}
		}
	}
	return list
}

func (p *NodePool) candidate(t *InstanceType, o *Offering, labels map[string]string) scheduling.Candidate {
	return scheduling.Candidate{
		Template: scheduling.Template{Namespace: namespace, Name: p.Metadata.Name},
		Priority: p.Spec.Weight,
		Offering: catalog.Offering{
			Type: catalog.Type{
				InstanceType: t.Name, Architecture: labels[corev1.LabelArchStable],
				VCPU: t.Allocatable.Cpu().Value(), MemoryBytes: t.Allocatable.Memory().Value(),
			},
			Zone: labels[corev1.LabelTopologyZone], CapacityType: labels[labelCapacityType],
			Allocatable: t.Allocatable, HourlyPrice: o.Price,
		},
		Cost:   scheduling.Cost{Price: o.Price},
		Labels: labels,
		Taints: p.Spec.Template.Spec.Taints,
	}
}

// nodes returns those that Karpenter's solver saw, with what is free on them, and
// the others of the cluster, on which nothing is: their pods count for topology.
func (c *Case) nodes() []scheduling.Node {
	pods := map[string][]*corev1.Pod{}
	for _, pod := range c.ClusterPods {
		// Pods of a node that is being deleted are pending and still there.
		if !slices.ContainsFunc(c.Pending, func(p *corev1.Pod) bool { return p.UID == pod.UID && p.UID != "" }) {
			pods[pod.Spec.NodeName] = append(pods[pod.Spec.NodeName], pod)
		}
	}
	var list []scheduling.Node
	for _, n := range c.ExistingNodes {
		list = append(list, scheduling.Node{
			Name: n.Name, Labels: with(n.Labels, corev1.LabelHostname, n.Name), Taints: n.Taints,
			Free: n.Available, Pods: pods[n.Name],
		})
	}
	for _, n := range c.ClusterNodes {
		if !slices.ContainsFunc(list, func(have scheduling.Node) bool { return have.Name == n.Name }) {
			list = append(list, scheduling.Node{
				Name: n.Name, Labels: with(n.Labels, corev1.LabelHostname, n.Name), Taints: n.Spec.Taints,
				Free: corev1.ResourceList{}, Pods: pods[n.Name],
			})
		}
	}
	return list
}

// claims returns where volumes can be used: that of their PersistentVolume, and
// everywhere for those that are yet to be made. StorageClasses are not recorded.
func (c *Case) claims() map[types.NamespacedName]*corev1.NodeSelector {
	claims := map[types.NamespacedName]*corev1.NodeSelector{}
	for _, claim := range c.PVCs {
		var selector *corev1.NodeSelector
		for _, pv := range c.PVs {
			if pv.Name == claim.Spec.VolumeName && claim.Annotations[volume.AnnBindCompleted] != "" && pv.Spec.NodeAffinity != nil {
				selector = pv.Spec.NodeAffinity.Required
			}
		}
		claims[types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}] = selector
	}
	for _, pod := range c.Pending {
		for i := range pod.Spec.Volumes {
			if v := &pod.Spec.Volumes[i]; v.Ephemeral != nil {
				claims[types.NamespacedName{Namespace: pod.Namespace, Name: ephemeral.VolumeClaimName(pod, v)}] = nil
			}
		}
	}
	return claims
}

// Bill is what Karpenter's new nodes cost in US dollars per hour: each the cheapest
// machine of its NodePool that meets the requirements and holds the requests. It is
// not ok when no candidate is such a machine.
func (c *Case) Bill(candidates []scheduling.Candidate) (bill float64, ok bool) {
	for i := range c.Expect.NewNodes {
		n := &c.Expect.NewNodes[i]
		price := math.Inf(1)
		for _, candidate := range candidates {
			if candidate.Template.Name == n.NodePool && n.Types.has(candidate.Offering.InstanceType) &&
				met(n.Reqs, candidate.Labels) && holds(candidate.Offering.Allocatable, n.Requests) {
				price = min(price, candidate.Cost.Price)
			}
		}
		bill += price
	}
	return bill, !math.IsInf(bill, 1)
}

func holds(allocatable, requests corev1.ResourceList) bool {
	for name, want := range requests {
		if have := allocatable[name]; have.Cmp(want) < 0 {
			return false
		}
	}
	return true
}

func with(labels map[string]string, key, value string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[key] = value
	return labels
}
