// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// SchedulingEnabled says whether the pods of a namespace may run on edges.
func SchedulingEnabled(namespace *corev1.Namespace) bool {
	return namespace.Labels[LabelEnableScheduling] == "true" && !neverEnabled(namespace.Name)
}

// neverEnabled are the namespaces that are never opened: a mistake there would take
// the cluster itself to the edge.
func neverEnabled(name string) bool {
	return name == corev1.NamespaceDefault || name == "liqo" || name == "omni-system" ||
		strings.HasPrefix(name, "kube-") || strings.HasPrefix(name, "liqo-")
}

// Allows says whether machines may be bought in the location of that name in the
// template's namespace.
func (l *TemplateEdgeLocations) Allows(location string) bool {
	return l.Enabled && (len(l.Names) == 0 || slices.Contains(l.Names, location))
}

// IsCustom says whether the location is of no cloud: its machines were there
// before, and are joined by hand.
func (l *EdgeLocation) IsCustom() bool { return l.Spec.Provider == ProviderCustom }

// HasNetwork says whether the network in the location's cloud is known: the script
// has registered it, or it was set by hand. A Custom location needs none.
func (l *EdgeLocation) HasNetwork() bool {
	switch l.Spec.Provider {
	case ProviderGCP:
		return l.Spec.GCP != nil
	case ProviderOCI:
		return l.Spec.OCI != nil
	case ProviderCustom:
		return true
	default:
		return l.Spec.AWS != nil
	}
}

// NetworkZones are the zones that the location has a network in, sorted; nil before
// it is on board.
func (l *EdgeLocation) NetworkZones() []string {
	switch spec := &l.Spec; {
	case spec.AWS != nil:
		return slices.Sorted(maps.Keys(spec.AWS.SubnetIDs))
	case spec.GCP != nil:
		return slices.Sorted(slices.Values(spec.GCP.Zones))
	case spec.OCI != nil:
		return slices.Sorted(maps.Keys(spec.OCI.SubnetIDs))
	}
	return nil
}

// UsableZones are the zones machines may be bought in, sorted: those with a
// network, narrowed to spec.zones when that is set.
func (l *EdgeLocation) UsableZones() []string {
	zones := l.NetworkZones()
	if len(l.Spec.Zones) == 0 {
		return zones
	}
	return slices.DeleteFunc(zones, func(zone string) bool { return !slices.Contains(l.Spec.Zones, zone) })
}
