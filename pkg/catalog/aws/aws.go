// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package aws asks Amazon which machines it offers in a region, where, and at what
// price.
package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/catalog/lister"
)

// pricingRegion is one of the three regions that have an endpoint of the Price
// List API, which answers for all regions.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
const pricingRegion = "us-east-1"

// attempts at one page. A listing is some fifty pages: being throttled in the middle
// must not throw away those before. The SDK backs off between attempts, for up to
// 20 s.
const attempts = 8

// Lister asks for a region as one account sees it. It implements catalog.Lister.
type Lister struct {
	region  string
	ec2     *ec2.Client
	pricing *pricing.Client
	asker   lister.Asker
}

// New returns a Lister of the region of the configuration, with its credentials.
// classify tells what an error of the SDK means: see lister.Asker.
func New(cfg aws.Config, clk clock.PassiveClock, classify func(error) error) *Lister {
	return &Lister{
		region: cfg.Region,
		ec2:    ec2.NewFromConfig(cfg, func(o *ec2.Options) { o.RetryMaxAttempts = attempts }),
		pricing: pricing.NewFromConfig(cfg, func(o *pricing.Options) {
			o.Region = pricingRegion
			o.RetryMaxAttempts = attempts
		}),
		asker: lister.Asker{Clock: clk, Classify: classify},
	}
}

var _ catalog.Lister = (*Lister)(nil)

// ListOfferings implements catalog.Lister.
func (l *Lister) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	if known == nil {
		known = &catalog.Listing{}
	}
	return &catalog.Listing{
		Types:    lister.Ask(ctx, &l.asker, known.Types, l.types),
		Zones:    lister.Ask(ctx, &l.asker, known.Zones, l.zones),
		OnDemand: lister.Ask(ctx, &l.asker, known.OnDemand, l.onDemandIn(l.region)),
		Spot:     lister.Ask(ctx, &l.asker, known.Spot, l.spot),
	}
}

// In implements catalog.Lister. The role of a location may look at machines in its
// own region only, but the price list has all regions: machine types are the same
// everywhere, spot prices are not known.
func (l *Lister) In(region string) catalog.Lister { return abroad{l, region} }

type abroad struct {
	*Lister
	region string
}

// ListOfferings implements catalog.Lister.
func (a abroad) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	if known == nil {
		known = &catalog.Listing{}
	}
	return &catalog.Listing{
		Types:    lister.Ask(ctx, &a.asker, known.Types, a.types),
		OnDemand: lister.Ask(ctx, &a.asker, known.OnDemand, a.onDemandIn(a.region)),
	}
}
