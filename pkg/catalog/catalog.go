// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which machines the clouds offer, where, and at what
// price. It is pure: no client, no clock. It begins with a dated snapshot that is
// embedded in the binary; what the clouds say at run time (Listing) takes its
// place, part by part.
package catalog

import (
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// Offering is one machine type that can be bought in a region, in one zone or,
// when Zone is empty, in every zone of it, paid for in one way.
type Offering struct {
	Type
	// Provider is the cloud as in EdgeLocation.spec.provider, for example AWS.
	Provider string
	// Region is the cloud's name of the region.
	Region string
	// Zone is the availability zone; empty: the price holds in every zone.
	Zone string
	// CapacityType is spot or on-demand.
	CapacityType string
	// Allocatable is what pods can use, an estimate before the machine is there.
	Allocatable corev1.ResourceList
	// HourlyPrice in US dollars per hour, above zero.
	HourlyPrice float64
	// PriceSource says where HourlyPrice is from.
	PriceSource Source
}

// Type is a type of machine.
type Type struct {
	// InstanceType is the cloud's name of the machine type. Flexible shapes of OCI
	// carry their size: VM.Standard.E5.Flex-4-32 has 4 vCPUs and 32 GiB.
	InstanceType string `json:"instanceType"`
	// Family is the cloud's name of the family: see Family.
	Family string `json:"family"`
	// Architecture as in the label kubernetes.io/arch.
	Architecture string `json:"architecture"`
	// VCPU is the number of virtual CPUs; MemoryBytes the memory in bytes.
	VCPU        int64 `json:"vcpu"`
	MemoryBytes int64 `json:"memoryBytes"`
	// GPUs is the number of GPUs, GPUName their model without the maker, for
	// example T4, and GPUMemoryBytes the memory of one of them in bytes.
	GPUs           int64  `json:"gpus,omitempty"`
	GPUName        string `json:"gpuName,omitempty"`
	GPUMemoryBytes int64  `json:"gpuMemoryBytes,omitempty"`
}

// Region is a region as one account of a cloud sees it.
type Region struct {
	// Provider is the cloud as in EdgeLocation.spec.provider, Name the cloud's name
	// of the region.
	Provider string `json:"provider"`
	Name     string `json:"name"`
	// Account is the cloud's identifier of the account (AWS), project (GCP) or
	// tenancy (OCI). The names of zones differ between accounts: us-east-1a of one
	// AWS account is us-east-1c of another, and OCI's carry a tenancy's prefix. It
	// is empty for what holds in every account.
	Account string `json:"account,omitempty"`
}

// Catalog is what is known of all regions. It may be used from many goroutines.
type Catalog struct {
	snapshot map[Region][]Offering

	mu       sync.RWMutex
	listings map[Region]*Listing
	live     map[Region][]Offering
}

// Offerings returns the offerings of a region, cheapest first: what its cloud has
// said about it, else those of the snapshot; nil when neither knows the region. A
// region without an account has those that its cloud has told any account, without
// zones and at the lowest price of them all: list prices are everybody's, the names
// of zones are not. The caller must not change them.
func (c *Catalog) Offerings(region Region) []Offering {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if live, ok := c.live[region]; ok {
		return live
	}
	return c.snapshot[region.anyAccount()]
}

// Find returns the offering of a machine type that was, or would be, bought in a
// zone; nil when the catalog does not know it.
func (c *Catalog) Find(region Region, instanceType, zone, capacityType string) *Offering {
	offerings := c.Offerings(region)
	i := slices.IndexFunc(offerings, func(o Offering) bool {
		return o.InstanceType == instanceType && o.CapacityType == capacityType && (o.Zone == "" || o.Zone == zone)
	})
	if i < 0 {
		return nil
	}
	return &offerings[i]
}

// OfType returns some offering of a machine type, for what depends on neither zone
// nor price; nil when the catalog does not know the type.
func (c *Catalog) OfType(region Region, instanceType string) *Offering {
	offerings := c.Offerings(region)
	i := slices.IndexFunc(offerings, func(o Offering) bool { return o.InstanceType == instanceType })
	if i < 0 {
		return nil
	}
	return &offerings[i]
}

// Listing returns what the cloud has said about a region, nil when it has not.
// The caller must not change it.
func (c *Catalog) Listing(region Region) *Listing {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.listings[region]
}

// Listings returns what the clouds have said.
func (c *Catalog) Listings() map[Region]*Listing {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return maps.Clone(c.listings)
}

// Learn puts what a cloud has said about a region in the place of what was known.
// The catalog keeps the listing; nobody may change it any more.
func (c *Catalog) Learn(region Region, listing *Listing) {
	offerings := listing.offerings(region, c.snapshot[region.anyAccount()])
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listings[region], c.live[region] = listing, offerings
	c.share(region.anyAccount())
}

// Forget goes back to the snapshot for every region that keep refuses.
func (c *Catalog) Forget(keep func(Region) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for region := range c.listings {
		if !keep(region) {
			delete(c.listings, region)
			delete(c.live, region)
			c.share(region.anyAccount())
		}
	}
}

// share lets a region without an account have what is known of it by the first
// account, in alphabetical order, else what was listed for nobody's account.
func (c *Catalog) share(region Region) {
	var first *Region
	for other := range c.listings {
		if other.Account != "" && other.anyAccount() == region && (first == nil || other.Account < first.Account) {
			first = &other
		}
	}
	switch listing := c.listings[region]; {
	case first != nil:
		c.live[region] = anywhere(c.live[*first])
	case listing != nil:
		c.live[region] = anywhere(listing.offerings(region, c.snapshot[region]))
	default:
		delete(c.live, region)
	}
}

// anywhere returns the cheapest offering of each machine type and way of paying, as
// if it held in every zone. Offerings are sorted by price.
func anywhere(offerings []Offering) []Offering {
	var cheapest []Offering
	seen := map[[2]string]bool{}
	for _, o := range offerings {
		if key := [2]string{o.InstanceType, o.CapacityType}; !seen[key] {
			seen[key] = true
			o.Zone = EveryZone
			cheapest = append(cheapest, o)
		}
	}
	return cheapest
}

func (r Region) anyAccount() Region { return Region{Provider: r.Provider, Name: r.Name} }
