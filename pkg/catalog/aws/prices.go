// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
)

// productsPerPage is the greatest there is.
const productsPerPage = 100

// productFilters leave the price of a plain Linux machine: without them the list
// holds a hundred products a type, among them machines at 0 USD, which are
// reserved capacity that was paid for already.
func productFilters(region string) []types.Filter {
	var filters []types.Filter
	for _, f := range [][2]string{
		{"regionCode", region},
		{"operatingSystem", "Linux"},
		{"tenancy", "Shared"},
		{"preInstalledSw", "NA"},
		{"capacitystatus", "Used"},
		{"marketoption", "OnDemand"},
	} {
		filters = append(filters, types.Filter{Type: types.FilterTypeTermMatch, Field: &f[0], Value: &f[1]})
	}
	return filters
}

// onDemandIn asks for the prices in a region by the name of the type.
func (l *Lister) onDemandIn(region string) func(context.Context) (map[string]float64, int, error) {
	return func(ctx context.Context) (map[string]float64, int, error) { return l.onDemand(ctx, region) }
}

func (l *Lister) onDemand(ctx context.Context, region string) (map[string]float64, int, error) {
	prices := map[string]float64{}
	pages := pricing.NewGetProductsPaginator(l.pricing, &pricing.GetProductsInput{
		ServiceCode: aws.String("AmazonEC2"), Filters: productFilters(region), MaxResults: aws.Int32(productsPerPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, err
		}
		for _, text := range page.PriceList {
			instanceType, hourly, err := parseProduct(text)
			if err != nil {
				return nil, 0, err
			}
			if hourly > 0 {
				// Should two products pass, do not promise the cheaper.
				prices[instanceType] = max(prices[instanceType], hourly)
			}
		}
	}
	return prices, len(prices), nil
}

// product is the part of a price list's item that is used.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
type product struct {
	Product struct {
		Attributes struct {
			InstanceType string `json:"instanceType"`
		} `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			PriceDimensions map[string]struct {
				Unit         string            `json:"unit"`
				PricePerUnit map[string]string `json:"pricePerUnit"`
			} `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

// parseProduct returns the type and its price in US dollars per hour; zero when the
// product has none, as in China, where it is in yuan.
func parseProduct(text string) (instanceType string, hourly float64, err error) {
	var p product
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return "", 0, fmt.Errorf("an item of the price list is not what it is documented to be: %w", err)
	}
	for _, term := range p.Terms.OnDemand {
		for _, dimension := range term.PriceDimensions {
			dollars, ok := dimension.PricePerUnit["USD"]
			if !ok || dimension.Unit != "Hrs" {
				continue
			}
			price, err := strconv.ParseFloat(dollars, 64)
			if err != nil {
				return "", 0, fmt.Errorf("price list, %s: %w", p.Product.Attributes.InstanceType, err)
			}
			hourly = max(hourly, price)
		}
	}
	return p.Product.Attributes.InstanceType, hourly, nil
}

// spot prices by zone, then by the name of the type. A history that begins now
// holds the prices of now.
func (l *Lister) spot(ctx context.Context) (map[string]map[string]float64, int, error) {
	prices, since := map[string]map[string]float64{}, map[[2]string]time.Time{}
	pages := ec2.NewDescribeSpotPriceHistoryPaginator(l.ec2, &ec2.DescribeSpotPriceHistoryInput{
		StartTime: aws.Time(l.asker.Clock.Now()), ProductDescriptions: []string{string(ec2types.RIProductDescriptionLinuxUnix)},
		MaxResults: aws.Int32(spotsPerPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, err
		}
		for i := range page.SpotPriceHistory {
			point := &page.SpotPriceHistory[i]
			zone, instanceType := aws.ToString(point.AvailabilityZone), string(point.InstanceType)
			price, err := strconv.ParseFloat(aws.ToString(point.SpotPrice), 64)
			if err != nil {
				return nil, 0, fmt.Errorf("spot price of %s in %s: %w", instanceType, zone, err)
			}
			key := [2]string{zone, instanceType}
			at := aws.ToTime(point.Timestamp)
			if price <= 0 || at.Before(since[key]) {
				continue
			}
			since[key] = at
			if prices[zone] == nil {
				prices[zone] = map[string]float64{}
			}
			prices[zone][instanceType] = price
		}
	}
	return prices, len(prices), nil
}
