// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package aws asks Amazon which machines it offers in a region, where, and at what
// price.
package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/smithy-go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
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
	clock   clock.PassiveClock
}

// New returns a Lister of the region of the configuration, with its credentials.
func New(cfg aws.Config, clk clock.PassiveClock) *Lister {
	return &Lister{
		region: cfg.Region,
		ec2:    ec2.NewFromConfig(cfg, func(o *ec2.Options) { o.RetryMaxAttempts = attempts }),
		pricing: pricing.NewFromConfig(cfg, func(o *pricing.Options) {
			o.Region = pricingRegion
			o.RetryMaxAttempts = attempts
		}),
		clock: clk,
	}
}

var _ catalog.Lister = (*Lister)(nil)

// ListOfferings implements catalog.Lister.
func (l *Lister) ListOfferings(ctx context.Context, known *catalog.Listing) (*catalog.Listing, error) {
	if known == nil {
		known = &catalog.Listing{}
	}
	var listing catalog.Listing
	var errs [4]error
	listing.Types, errs[0] = ask(ctx, l.clock, "machine types", known.Types, l.types)
	listing.Zones, errs[1] = ask(ctx, l.clock, "zones of machine types", known.Zones, l.zones)
	listing.OnDemand, errs[2] = ask(ctx, l.clock, "on-demand prices", known.OnDemand, l.onDemand)
	listing.Spot, errs[3] = ask(ctx, l.clock, "spot prices", known.Spot, l.spot)
	return &listing, errors.Join(errs[:]...)
}

// errNothing says that an answer is empty. No region has no machines: it is taken
// for a failure, or all that is known would be gone.
var errNothing = errors.New("the answer is empty")

func ask[T any](ctx context.Context, clk clock.PassiveClock, what string, known catalog.Part[T], read func(context.Context) (T, int, error)) (catalog.Part[T], error) {
	asked := metav1.NewTime(clk.Now())
	value, size, err := read(ctx)
	if err == nil && size == 0 {
		err = errNothing
	}
	if err != nil {
		known.Error = words(err)
		return known, fmt.Errorf("%s: %s", what, known.Error)
	}
	return catalog.Part[T]{Value: value, Time: asked}, nil
}

// words is what AWS said, less what differs each time (request IDs), so that the
// same failure reads the same.
func words(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}
