// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package oci asks Oracle which machines it offers in a region, where, and at what
// price.
package oci

import (
	"context"
	"net/http"

	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister"
)

// Lister asks for a region as one tenancy sees it. It implements catalog.Lister.
type Lister struct {
	Source
	asker lister.Asker
}

// Source is where and as whom a Lister asks.
type Source struct {
	// CompartmentID of the machines.
	CompartmentID string
	// Compute and Identity sign the requests, and try each once.
	Compute  *core.ComputeClient
	Identity *identity.IdentityClient
	// Zone is the zone of an availability domain.
	Zone func(domain string) string
	// HTTP gets the public price list, which nobody has to sign in for.
	HTTP *http.Client
	// PriceListHost replaces Oracle's, for tests and the lab. Example:
	// http://127.0.0.1:5570. Empty: PublicPriceListHost.
	PriceListHost string
}

// New returns a Lister. classify tells what an error of the SDK means: see
// lister.Asker.
func New(source Source, clk clock.PassiveClock, classify func(error) error) *Lister {
	return &Lister{Source: source, asker: lister.Asker{Clock: clk, Classify: classify, Backoff: lister.Patience}}
}

var _ catalog.Lister = (*Lister)(nil)

// ListOfferings implements catalog.Lister.
func (l *Lister) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	return lister.ByParts[parts]{Asker: &l.asker, Machines: l.machines, Prices: l.prices}.List(ctx, known)
}

// In implements catalog.Lister. Prices and shapes are the same in all regions, so
// that this one is asked: a tenancy need not be subscribed to the other.
func (l *Lister) In(string) catalog.Lister { return abroad{l} }

type abroad struct{ *Lister }

// ListOfferings implements catalog.Lister.
func (a abroad) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	listing := a.Lister.ListOfferings(ctx, known)
	listing.Zones = catalog.Part[map[string][]string]{} // of another region
	return listing
}
