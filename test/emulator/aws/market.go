// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/castai/omni/pkg/catalog"
)

// market holds the prices of the emulated cloud. On-demand prices are the public
// ones of OMNI's snapshot, those of us-east-1 in every region; a type the snapshot
// does not know has no price. Spot prices are made up: 30 to 70 % of on-demand, the
// same for the same type and zone. Both can be set by POST /_emulator/prices.
type market struct {
	list map[string]float64

	mu  sync.Mutex
	set map[setPrice]float64
}

// setPrice is the key of a price that was set. An empty Zone means on-demand.
type setPrice struct{ Region, Zone, InstanceType string }

const listRegion = "us-east-1"

func newMarket() (*market, error) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		return nil, err
	}
	m := &market{list: map[string]float64{}, set: map[setPrice]float64{}}
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "AWS", Name: listRegion}) {
		if o.CapacityType == "on-demand" {
			m.list[o.InstanceType] = o.HourlyPrice
		}
	}
	return m, nil
}

// types that have a price in a region, sorted.
func (m *market) types(region string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.list {
		names = append(names, name)
	}
	for key := range m.set {
		if key.Region == region && m.list[key.InstanceType] == 0 {
			names = append(names, key.InstanceType)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// onDemand is 0 when the type has no price.
func (m *market) onDemand(region, instanceType string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if price, ok := m.set[setPrice{Region: region, InstanceType: instanceType}]; ok {
		return price
	}
	return m.list[instanceType]
}

// spot is 0 when the type has no price.
func (m *market) spot(region, zone, instanceType string) float64 {
	list := m.onDemand(region, instanceType)
	m.mu.Lock()
	defer m.mu.Unlock()
	if price, ok := m.set[setPrice{region, zone, instanceType}]; ok {
		return price
	}
	hash := fnv.New32a()
	hash.Write([]byte(zone + "/" + instanceType))
	return list * (0.3 + 0.4*float64(hash.Sum32()%1000)/1000)
}

// add is POST /_emulator/prices: {"region", "instanceType", "price"} sets an
// on-demand price, and with "zone" a spot price, in US dollars per hour.
func (m *market) add(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Region       string  `json:"region"`
		Zone         string  `json:"zone"`
		InstanceType string  `json:"instanceType"`
		Price        float64 `json:"price"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		http.Error(w, "price: "+err.Error(), http.StatusBadRequest)
		return
	}
	if in.Region == "" || in.InstanceType == "" || in.Price <= 0 || in.Zone != "" && !strings.HasPrefix(in.Zone, in.Region) {
		http.Error(w, "price: region, instanceType and a price above 0 are needed; a zone has to be of the region", http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set[setPrice{in.Region, in.Zone, in.InstanceType}] = in.Price
	w.WriteHeader(http.StatusCreated)
}

// clear is DELETE /_emulator/prices.
func (m *market) clear(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.set)
	w.WriteHeader(http.StatusNoContent)
}
