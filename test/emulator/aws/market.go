// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/test/emulator/prices"
)

// market holds the prices of the emulated cloud. On-demand prices are the public
// ones of OMNI's snapshot, those of us-east-1 in every region; a type the snapshot
// does not know has no price. Spot prices are made up: 30 to 70 % of on-demand, the
// same for the same type and zone. Both can be set by POST /_emulator/prices.
type market struct {
	list map[string]float64
	set  prices.Set[priced, setPrice]
}

// priced has a price: a type in a region on demand, or in a zone as spot.
type priced struct{ Region, Zone, InstanceType string }

// setPrice is the body of POST /_emulator/prices: an on-demand price, and with a zone a
// spot price, in US dollars per hour.
type setPrice struct {
	Region       string  `json:"region"`
	Zone         string  `json:"zone"`
	InstanceType string  `json:"instanceType"`
	Price        float64 `json:"price"`
}

// Priced implements prices.Entry.
func (s setPrice) Priced() (priced, float64, error) {
	if s.Region == "" || s.InstanceType == "" || s.Price <= 0 || s.Zone != "" && !strings.HasPrefix(s.Zone, s.Region) {
		return priced{}, 0, errors.New("region, instanceType and a price above 0 are needed; a zone has to be of the region")
	}
	return priced{s.Region, s.Zone, s.InstanceType}, s.Price, nil
}

const listRegion = "us-east-1"

func newMarket() (*market, error) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		return nil, err
	}
	m := &market{list: map[string]float64{}}
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "AWS", Name: listRegion}) {
		if o.CapacityType == "on-demand" {
			m.list[o.InstanceType] = o.HourlyPrice
		}
	}
	return m, nil
}

// types that have a price in a region, sorted.
func (m *market) types(region string) []string {
	var names []string
	for name := range m.list {
		names = append(names, name)
	}
	for _, key := range m.set.Keys() {
		if key.Region == region && m.list[key.InstanceType] == 0 {
			names = append(names, key.InstanceType)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// onDemand is 0 when the type has no price.
func (m *market) onDemand(region, instanceType string) float64 {
	if price, ok := m.set.Get(priced{Region: region, InstanceType: instanceType}); ok {
		return price
	}
	return m.list[instanceType]
}

// spot is 0 when the type has no price.
func (m *market) spot(region, zone, instanceType string) float64 {
	list := m.onDemand(region, instanceType)
	if price, ok := m.set.Get(priced{region, zone, instanceType}); ok {
		return price
	}
	hash := fnv.New32a()
	hash.Write([]byte(zone + "/" + instanceType))
	return list * (0.3 + 0.4*float64(hash.Sum32()%1000)/1000)
}
