// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package unavailable remembers which offerings the clouds refused for lack of
// capacity, so that the next decision takes another one.
package unavailable

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// The time an offering is left alone: Karpenter's three minutes at first, doubled
// with every refusal up to an hour.
const (
	firstTTL   = 3 * time.Minute
	longestTTL = time.Hour
)

// Offering is what a cloud can run out of. Without an instance type and a zone it
// is all of a location: a quota of the account.
type Offering struct {
	// Location is namespace/name of the EdgeLocation.
	Location                         string
	InstanceType, Zone, CapacityType string
}

// Offerings is the set of offerings that were refused lately.
type Offerings struct {
	clock   clock.PassiveClock
	mu      sync.Mutex
	refused map[Offering]refusal
}

type refusal struct {
	until time.Time
	ttl   time.Duration
}

// New returns an empty set.
func New(clock clock.PassiveClock) *Offerings {
	return &Offerings{clock: clock, refused: map[Offering]refusal{}}
}

// Refuse marks an offering as unavailable for a while, longer every time.
func (o *Offerings) Refuse(offering Offering) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ttl := firstTTL
	if before, ok := o.refused[offering]; ok {
		ttl = min(2*before.ttl, longestTTL)
	}
	o.refused[offering] = refusal{until: o.clock.Now().Add(ttl), ttl: ttl}
}

// Has says whether an offering is unavailable now. An offering that was left
// alone for as long again as it was refused is forgotten.
func (o *Offerings) Has(offering Offering) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.has(offering) || o.has(Offering{Location: offering.Location, CapacityType: offering.CapacityType})
}

func (o *Offerings) has(offering Offering) bool {
	r, ok := o.refused[offering]
	if !ok {
		return false
	}
	now := o.clock.Now()
	if now.After(r.until.Add(r.ttl)) {
		delete(o.refused, offering)
	}
	return now.Before(r.until)
}
