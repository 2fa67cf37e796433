// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
)

// labelKarpenterCapacityType is the label by which pods written for Karpenter choose
// between spot and on-demand in the main cluster.
// https://karpenter.sh/docs/concepts/nodepools/
const labelKarpenterCapacityType = "karpenter.sh/capacity-type"

// NewEdge is the Edge that buys an offering under a template.
func NewEdge(template *v1beta1.NodeTemplate, location string, o *catalog.Offering) *v1beta1.Edge {
	e := &v1beta1.Edge{Spec: v1beta1.EdgeSpec{
		EdgeLocationName: location, NodeTemplateName: template.Name,
		InstanceType: o.InstanceType, Zone: o.Zone, CapacityType: v1beta1.CapacityType(o.CapacityType),
		Labels: maps.Clone(template.Spec.Labels), Taints: slices.Clone(template.Spec.Taints),
	}}
	e.Namespace, e.GenerateName = template.Namespace, template.Name+"-"
	return e
}

// addTemplate adds what the template may buy, and how much of it.
func (r *Reader) addTemplate(s *State, template *v1beta1.NodeTemplate, main *mainCluster, edges []v1beta1.Edge) {
	key := scheduling.Template{Namespace: template.Namespace, Name: template.Name}
	s.Templates[key] = template
	s.Problem.Budgets[key] = r.budget(s, template, edges)
	for _, locationKey := range slices.SortedFunc(maps.Keys(s.Locations), compareKeys) {
		location := s.Locations[locationKey]
		if locationKey.Namespace == template.Namespace && template.Spec.EdgeLocations.Allows(location.Name) &&
			location.DeletionTimestamp.IsZero() && meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionReady) &&
			!refuses(locationKey, edges) {
			r.addLocation(s, template, key, location)
		}
	}
	if template.Spec.MainCluster.Enabled {
		r.addMain(s, template, key, main)
	}
}

// refuses says that a machine that a template bought in the location waits for a
// person: the next would too. An edge that was made by hand may ask for what no
// template asks for.
func refuses(location client.ObjectKey, edges []v1beta1.Edge) bool {
	return slices.ContainsFunc(edges, func(e v1beta1.Edge) bool {
		return e.Namespace == location.Namespace && e.Spec.EdgeLocationName == location.Name &&
			e.Spec.NodeTemplateName != "" && needsMending(&e)
	})
}

func compareKeys(a, b client.ObjectKey) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// addLocation adds what the template may buy in an edge location.
func (r *Reader) addLocation(s *State, template *v1beta1.NodeTemplate, key scheduling.Template, location *v1beta1.EdgeLocation) {
	adjustment := 0.0
	for _, a := range template.Spec.EdgeLocations.PriceAdjustments {
		if a.Name == location.Name {
			adjustment = float64(a.Percent) / 100
		}
	}
	offerings := r.Catalog.Offerings(catalog.RegionOf(&location.Spec))
	for _, o := range catalog.Select(offerings, &template.Spec, location.UsableZones()) {
		if r.Refused != nil && r.Refused(client.ObjectKeyFromObject(location), &o) || otherImage(location, &o) {
			continue
		}
		planned := NewEdge(template, location.Name, &o)
		s.Problem.Candidates = append(s.Problem.Candidates, scheduling.Candidate{
			Template: key, Location: location.Name, Priority: template.Spec.Priority, Offering: o,
			Cost:   scheduling.Cost{Price: o.HourlyPrice, Adjustment: o.HourlyPrice * adjustment, Overhead: r.EdgeOverhead},
			Labels: edgenode.Labels(planned, location, &o.Type), Taints: edgenode.PlannedTaints(planned),
		})
	}
}

// otherImage says that the location's own image is not for this machine: an image
// is made for one architecture, and that of one's own is taken for amd64.
func otherImage(location *v1beta1.EdgeLocation, o *catalog.Offering) bool {
	defaults := location.Spec.NodeDefaults
	return defaults != nil && defaults.ImageID != "" && o.Architecture != string(v1beta1.ArchitectureAMD64)
}

// addMain adds the machines that the autoscaler of the main cluster could buy.
func (r *Reader) addMain(s *State, template *v1beta1.NodeTemplate, key scheduling.Template, main *mainCluster) {
	spec := &template.Spec.MainCluster
	zones := spec.Zones
	if len(zones) == 0 {
		zones = main.zones(spec.Region)
	}
	offerings := r.Catalog.Offerings(catalog.Region{Provider: string(spec.Provider), Name: spec.Region})
	for _, o := range catalog.Select(offerings, &template.Spec, zones) {
		labels := map[string]string{
			corev1.LabelTopologyRegion:     spec.Region,
			corev1.LabelInstanceTypeStable: o.InstanceType,
			corev1.LabelArchStable:         o.Architecture,
			corev1.LabelOSStable:           "linux",
			labelKarpenterCapacityType:     o.CapacityType,
			v1beta1.LabelCapacityType:      o.CapacityType,
		}
		if o.Zone != "" {
			labels[corev1.LabelTopologyZone] = o.Zone
		}
		s.Problem.Candidates = append(s.Problem.Candidates, scheduling.Candidate{
			Template: key, Priority: template.Spec.Priority, Offering: o, Labels: labels,
			Cost: scheduling.Cost{Price: o.HourlyPrice, Overhead: r.EdgeOverhead},
		})
	}
}

// zones in which the main cluster has nodes in the region; one without a name when
// its nodes do not tell.
func (m *mainCluster) zones(region string) []string {
	zones := sets.New[string]()
	for _, node := range m.nodes {
		zone := node.Labels[corev1.LabelTopologyZone]
		if zone != "" && node.Labels[v1beta1.LabelEdgeNode] != "true" && node.Labels[corev1.LabelTopologyRegion] == region {
			zones.Insert(zone)
		}
	}
	if zones.Len() == 0 {
		return []string{""}
	}
	return sets.List(zones)
}

// budget is what the limits of a template leave.
func (r *Reader) budget(s *State, template *v1beta1.NodeTemplate, edges []v1beta1.Edge) scheduling.Budget {
	var used, milliCPU, memory, gpus int64
	price := 0.0
	for i := range edges {
		e := &edges[i]
		if e.Namespace != template.Namespace || e.Spec.NodeTemplateName != template.Name {
			continue
		}
		used++
		offering := r.offering(s, e)
		if offering != nil {
			milliCPU += offering.VCPU * 1000
			memory += offering.MemoryBytes
			gpus += offering.GPUs
		}
		switch {
		case e.Status.HourlyPrice != "":
			price += catalog.ParsePrice(e.Status.HourlyPrice)
		case offering != nil: // it was created a moment ago
			price += offering.HourlyPrice
		}
	}
	return scheduling.LimitsOf(&template.Spec.Limits, used, milliCPU, memory, gpus, price)
}

// offering returns what the catalog knows of the machine of an edge, nil if it
// does not know it.
func (r *Reader) offering(s *State, e *v1beta1.Edge) *catalog.Offering {
	location := s.location(e)
	if location == nil {
		return nil
	}
	return r.Catalog.OfType(catalog.RegionOf(&location.Spec), e.Spec.InstanceType)
}
