// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package unavailable remembers which offerings the clouds refused, so that the
// next decision takes others.
package unavailable

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
)

// The time an offering is left alone: Karpenter's three minutes at first, doubled
// with every refusal up to an hour.
const (
	firstTTL   = 3 * time.Minute
	longestTTL = time.Hour
)

// widen is how many types of one family a cloud refuses in a zone before the whole
// family is left alone there: the sizes of a family are cut from the same hosts.
const widen = 3

// Offering is what a cloud can run out of.
type Offering struct {
	// Location is namespace/name of the EdgeLocation.
	Location                         string
	InstanceType, Zone, CapacityType string
	// Family and GPUName are those of the machine type, empty when the catalog does
	// not know it.
	Family, GPUName string
}

// Of returns the offering of the catalog in a location.
func Of(location types.NamespacedName, o *catalog.Offering) Offering {
	return Offering{
		Location: location.String(), InstanceType: o.InstanceType, Zone: o.Zone, CapacityType: o.CapacityType,
		Family: o.Family, GPUName: o.GPUName,
	}
}

// scope is what is left alone together.
type scope struct {
	location, capacityType string
	// zone with an instance type, or with a family.
	zone, instanceType, family string
	// quota is for all machines of the location without GPUs, or with such GPUs:
	// clouds count these apart.
	quota   bool
	gpuName string
}

func (o *Offering) scope() scope {
	return scope{location: o.Location, capacityType: o.CapacityType, zone: o.Zone, instanceType: o.InstanceType}
}

func (o *Offering) familyScope() scope {
	return scope{location: o.Location, capacityType: o.CapacityType, zone: o.Zone, family: o.Family}
}

func (o *Offering) quotaScope() scope {
	return scope{location: o.Location, capacityType: o.CapacityType, quota: true, gpuName: o.GPUName}
}

// Offerings is the set of offerings that were refused lately.
type Offerings struct {
	clock   clock.PassiveClock
	mu      sync.Mutex
	refused map[scope]refusal
	// types are those of a family that were refused.
	types map[scope]map[string]scope
}

type refusal struct {
	until time.Time
	ttl   time.Duration
}

// New returns an empty set.
func New(clock clock.PassiveClock) *Offerings {
	return &Offerings{clock: clock, refused: map[scope]refusal{}, types: map[scope]map[string]scope{}}
}

// NoCapacity marks an offering as unavailable for a while, longer every time, and
// its family in the zone when so many of its types are.
func (o *Offerings) NoCapacity(offering Offering) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse(offering.scope())
	if offering.Family == "" {
		return
	}
	family := offering.familyScope()
	if o.types[family] == nil {
		o.types[family] = map[string]scope{}
	}
	o.types[family][offering.InstanceType] = offering.scope()
	together := 0
	for instanceType, s := range o.types[family] {
		if !o.has(s) {
			delete(o.types[family], instanceType)
			continue
		}
		together++
	}
	if together >= widen {
		o.refuse(family)
	}
}

// QuotaReached marks everything in the location that counts for the same quota: the
// next type would be refused too.
func (o *Offerings) QuotaReached(offering Offering) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse(offering.quotaScope())
}

// Has says whether an offering is unavailable now.
func (o *Offerings) Has(offering Offering) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.has(offering.scope()) || offering.Family != "" && o.has(offering.familyScope()) || o.has(offering.quotaScope())
}

// Refused is Has for an offering of the catalog.
func (o *Offerings) Refused(location types.NamespacedName, offering *catalog.Offering) bool {
	return o.Has(Of(location, offering))
}

func (o *Offerings) refuse(s scope) {
	ttl := firstTTL
	if before, ok := o.refused[s]; ok {
		ttl = min(2*before.ttl, longestTTL)
	}
	o.refused[s] = refusal{until: o.clock.Now().Add(ttl), ttl: ttl}
}

// has forgets what was left alone for as long again as it was refused.
func (o *Offerings) has(s scope) bool {
	r, ok := o.refused[s]
	if !ok {
		return false
	}
	now := o.clock.Now()
	if now.After(r.until.Add(r.ttl)) {
		delete(o.refused, s)
	}
	return now.Before(r.until)
}
