// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/cloud"
)

// Lister asks a cloud for the region of an edge location. The catalog of a cloud
// without one is the snapshot.
type Lister interface {
	// ListOfferings asks for every part. One that fails is as in known, which may
	// be nil, with the error in it: see Listing.Stale.
	ListOfferings(ctx context.Context, known *Listing) *Listing
	// In returns a Lister of another region with the same credentials, for somebody
	// else's account: it lists what can be told, and holds in every zone.
	In(region string) Lister
}

// Listing is what a cloud has said about a region. Its parts are asked for apart,
// and each may fail apart: a part that was never answered is taken from the
// snapshot, one that failed this time is kept as it was.
type Listing struct {
	// Types of machines.
	Types Part[[]Type] `json:"types,omitzero"`
	// Zones in which a type is offered, by its name.
	Zones Part[map[string][]string] `json:"zones,omitzero"`
	// OnDemand prices in US dollars per hour, by the name of the type.
	OnDemand Part[map[string]float64] `json:"onDemand,omitzero"`
	// Spot prices in US dollars per hour, by zone, then by the name of the type. A
	// price that holds in every zone has the zone EveryZone.
	Spot Part[map[string]map[string]float64] `json:"spot,omitzero"`
}

// Part of a Listing.
type Part[T any] struct {
	Value T `json:"value,omitempty"`
	// Time it was answered; zero: never.
	Time metav1.Time `json:"time,omitzero"`
	// Error of the last try, empty when that was answered, and its class.
	Error string           `json:"error,omitempty"`
	Class cloud.ErrorClass `json:"class,omitempty"`
}

// Known says that the part was answered once.
func (p *Part[T]) Known() bool { return !p.Time.IsZero() }

// The names of the capacity types, as in the API.
const (
	onDemand = "on-demand"
	spot     = "spot"
)

// EveryZone is the zone of an offering or a price that holds in every zone.
const EveryZone = ""

// offerings puts the parts together, cheapest first. Those that are not known are
// taken from the snapshot of the region.
func (l *Listing) offerings(region Region, snapshot []Offering) []Offering {
	fallback := index(snapshot)
	types := l.Types.Value
	if !l.Types.Known() {
		types = fallback.types
	}
	var all []Offering
	for i := range types {
		t := &types[i]
		offering := Offering{
			Type: *t, Provider: region.Provider, Region: region.Name,
			Allocatable: Allocatable(t),
		}
		for _, zone := range l.zonesOf(t.InstanceType) {
			offering.Zone = zone
			all = append(all, l.priced(offering, fallback)...)
		}
	}
	slices.SortFunc(all, Cheaper)
	return all
}

// zonesOf are the zones to make offerings for. While the zones a type is offered in
// are not known, those of the spot prices are, and every other zone is EveryZone.
func (l *Listing) zonesOf(instanceType string) []string {
	if l.Zones.Known() {
		return l.Zones.Value[instanceType]
	}
	zones := []string{EveryZone}
	for zone, prices := range l.Spot.Value {
		if _, ok := prices[instanceType]; ok && zone != EveryZone {
			zones = append(zones, zone)
		}
	}
	return zones
}

// priced returns the ways in which the offering can be paid for in its zone. A
// spot price above the on-demand price is left out: nobody would take it, as an
// on-demand machine is cheaper and stays.
func (l *Listing) priced(o Offering, fallback *snapshotIndex) []Offering {
	var ways []Offering
	list, listed := l.onDemandPrice(o.InstanceType, fallback)
	// An on-demand price holds in every zone: one offering for all of them will
	// do when the zones are not known.
	if listed && (l.Zones.Known() || o.Zone == EveryZone) {
		ways = append(ways, o.at(onDemand, list))
	}
	if price, ok := l.spotPrice(o.InstanceType, o.Zone, fallback); ok && (!listed || price.hourly <= list.hourly) {
		ways = append(ways, o.at(spot, price))
	}
	return ways
}

// price with its source.
type price struct {
	hourly float64
	source Source
}

func (o Offering) at(capacityType string, p price) Offering {
	o.CapacityType, o.HourlyPrice, o.PriceSource = capacityType, p.hourly, p.source
	return o
}

func (l *Listing) onDemandPrice(instanceType string, fallback *snapshotIndex) (price, bool) {
	if !l.OnDemand.Known() {
		p, ok := fallback.prices[onDemand][instanceType]
		return p, ok
	}
	hourly := l.OnDemand.Value[instanceType]
	return price{hourly, Source{BasisLive, l.OnDemand.Time}}, hourly > 0
}

func (l *Listing) spotPrice(instanceType, zone string, fallback *snapshotIndex) (price, bool) {
	if !l.Spot.Known() {
		p, ok := fallback.prices[spot][instanceType]
		return p, ok
	}
	hourly, ok := l.Spot.Value[zone][instanceType]
	if !ok {
		hourly = l.Spot.Value[EveryZone][instanceType]
	}
	return price{hourly, Source{BasisLive, l.Spot.Time}}, hourly > 0
}

// snapshotIndex finds what the snapshot says of a region.
type snapshotIndex struct {
	types []Type
	// prices by capacity type and name of the type.
	prices map[string]map[string]price
}

func index(snapshot []Offering) *snapshotIndex {
	i := &snapshotIndex{prices: map[string]map[string]price{onDemand: {}, spot: {}}}
	for _, o := range snapshot {
		if o.CapacityType == onDemand {
			i.types = append(i.types, o.Type)
		}
		i.prices[o.CapacityType][o.InstanceType] = price{o.HourlyPrice, o.PriceSource}
	}
	return i
}
