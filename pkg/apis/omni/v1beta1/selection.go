// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"maps"
	"slices"
)

// Allows says whether machines may be bought in the location of that name in the
// template's namespace.
func (l *TemplateEdgeLocations) Allows(location string) bool {
	return l.Enabled && (len(l.Names) == 0 || slices.Contains(l.Names, location))
}

// UsableZones are the zones machines may be bought in, sorted: those with a
// subnet, narrowed to spec.zones when that is set.
func (l *EdgeLocation) UsableZones() []string {
	if l.Spec.AWS == nil {
		return nil
	}
	zones := slices.Sorted(maps.Keys(l.Spec.AWS.SubnetIDs))
	if len(l.Spec.Zones) == 0 {
		return zones
	}
	return slices.DeleteFunc(zones, func(zone string) bool { return !slices.Contains(l.Spec.Zones, zone) })
}
