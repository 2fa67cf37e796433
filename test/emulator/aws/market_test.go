// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	pricingtypes "github.com/aws/aws-sdk-go-v2/service/pricing/types"
)

// testPages: moto answers in one piece, AWS in pages of at most 100 types.
func (c *cloud) testPages(t *testing.T) {
	// On a busy machine the latency of the emulator may not be enough.
	patient := ec2.NewFromConfig(c.cfg, func(o *ec2.Options) { o.RetryMaxAttempts = 10 })
	seen := map[types.InstanceType]int{}
	pages := ec2.NewDescribeInstanceTypesPaginator(patient, &ec2.DescribeInstanceTypesInput{})
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count++
		if len(page.InstanceTypes) > 100 {
			t.Errorf("%d types in a page", len(page.InstanceTypes))
		}
		for i := range page.InstanceTypes {
			seen[page.InstanceTypes[i].InstanceType]++
		}
	}
	if count < 10 || len(seen) < 900 || seen[types.InstanceTypeM5Large] != 1 {
		t.Errorf("%d types in %d pages, m5.large %d times", len(seen), count, seen[types.InstanceTypeM5Large])
	}
	one, err := c.ec2.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceTypeM5Large}})
	if err != nil || len(one.InstanceTypes) != 1 || one.NextToken != nil || awssdk.ToInt32(one.InstanceTypes[0].VCpuInfo.DefaultVCpus) != 2 {
		t.Errorf("one type: %+v, %v", one, err)
	}
	first, err := c.ec2.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{MaxResults: awssdk.Int32(5)})
	if err != nil || len(first.InstanceTypes) != 5 {
		t.Fatalf("%+v, %v, want a page of five", first, err)
	}
	_, err = c.ec2.DescribeInstanceTypeOfferings(t.Context(), &ec2.DescribeInstanceTypeOfferingsInput{NextToken: first.NextToken})
	wantError(t, err, "InvalidNextToken", 400)
	_, err = c.ec2.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{MaxResults: awssdk.Int32(101)})
	wantError(t, err, "InvalidParameterValue", 400)
}

func filters(pairs ...string) (all []pricingtypes.Filter) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pricingtypes.Filter{Type: pricingtypes.FilterTypeTermMatch, Field: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func (c *cloud) pricing(region string) *pricing.Client {
	return pricing.NewFromConfig(c.cfg, func(o *pricing.Options) { o.Region, o.RetryMaxAttempts = region, 10 }) // see testPages
}

// testPriceList: who filters too little gets what AWS gives: other systems, and
// reserved capacity for nothing.
func (c *cloud) testPriceList(t *testing.T) {
	client := c.pricing("us-east-1")
	products := func(pairs ...string) []string {
		t.Helper()
		out, err := client.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: awssdk.String("AmazonEC2"), Filters: filters(pairs...)})
		if err != nil {
			t.Fatal(err)
		}
		return out.PriceList
	}
	all := products("regionCode", "us-west-2", "instanceType", "m5.large")
	if text := strings.Join(all, "\n"); !strings.Contains(text, "Windows") || !strings.Contains(text, `"USD":"0.0000000000"`) {
		t.Errorf("few filters: %s", text)
	}
	one := products("regionCode", "us-west-2", "instanceType", "m5.large", "operatingSystem", "linux", "tenancy", "Shared",
		"preInstalledSw", "NA", "capacitystatus", "Used", "marketoption", "OnDemand")
	if len(one) != 1 || !strings.Contains(one[0], `"USD":"0.0960000000"`) {
		t.Errorf("all filters: %q, want m5.large at its list price", one)
	}
	if none := products("instanceType", "m99.huge"); len(none) != 0 {
		t.Errorf("an unknown type: %q", none)
	}
	seen := map[string]bool{}
	pages := pricing.NewGetProductsPaginator(client, &pricing.GetProductsInput{
		ServiceCode: awssdk.String("AmazonEC2"), Filters: filters("regionCode", "us-west-2", "tenancy", "Dedicated"), MaxResults: awssdk.Int32(30),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil || len(page.PriceList) > 30 {
			t.Fatalf("%d products, %v", len(page.PriceList), err)
		}
		for _, item := range page.PriceList {
			seen[item] = true
		}
	}
	if len(seen) < 200 {
		t.Errorf("%d products in all pages", len(seen))
	}
}

func (c *cloud) testPriceListValidation(t *testing.T) {
	for name, tc := range map[string]struct {
		region string
		change func(*pricing.GetProductsInput)
		code   string
	}{
		"another region's endpoint": {"us-west-2", func(*pricing.GetProductsInput) {}, "InvalidSignatureException"},
		"unknown service":           {"us-east-1", func(in *pricing.GetProductsInput) { in.ServiceCode = awssdk.String("AmazonEC3") }, "NotFoundException"},
		"page too large":            {"us-east-1", func(in *pricing.GetProductsInput) { in.MaxResults = awssdk.Int32(101) }, "InvalidParameterException"},
		"unknown format":            {"us-east-1", func(in *pricing.GetProductsInput) { in.FormatVersion = awssdk.String("aws_v2") }, "InvalidParameterException"},
		"unknown attribute":         {"us-east-1", func(in *pricing.GetProductsInput) { in.Filters = filters("regioncode", "us-west-2") }, "InvalidParameterException"},
		"unknown filter type": {"us-east-1", func(in *pricing.GetProductsInput) {
			in.Filters = filters("regionCode", "us-west-2")
			in.Filters[0].Type = "LIKE"
		}, "InvalidParameterException"},
		"token of another query": {"us-east-1", func(in *pricing.GetProductsInput) { in.NextToken = awssdk.String("MTAw") }, "InvalidNextTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &pricing.GetProductsInput{ServiceCode: awssdk.String("AmazonEC2")}
			tc.change(in)
			_, err := c.pricing(tc.region).GetProducts(t.Context(), in)
			wantError(t, err, tc.code, 400)
		})
	}
	_, err := c.pricing("us-east-1").DescribeServices(t.Context(), &pricing.DescribeServicesInput{})
	wantError(t, err, "UnknownOperationException", 400)
}

func (c *cloud) testSpotPrices(t *testing.T) {
	patient := ec2.NewFromConfig(c.cfg, func(o *ec2.Options) { o.RetryMaxAttempts = 10 }) // see testPages
	history := func(in *ec2.DescribeSpotPriceHistoryInput) []types.SpotPrice {
		t.Helper()
		in.StartTime = awssdk.Time(time.Now())
		out, err := patient.DescribeSpotPriceHistory(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return out.SpotPriceHistory
	}
	m5 := []types.InstanceType{types.InstanceTypeM5Large}
	all := history(&ec2.DescribeSpotPriceHistoryInput{InstanceTypes: m5})
	linux := history(&ec2.DescribeSpotPriceHistoryInput{InstanceTypes: m5, ProductDescriptions: []string{"Linux/UNIX"}})
	if len(linux) < 3 || len(all) != 2*len(linux) {
		t.Errorf("%d prices, %d of Linux, want one a zone and those of Windows too", len(all), len(linux))
	}
	for i := range linux {
		if linux[i].InstanceType != types.InstanceTypeM5Large || linux[i].Timestamp.After(time.Now()) || !strings.HasPrefix(*linux[i].AvailabilityZone, "us-west-2") {
			t.Errorf("%+v", linux[i])
		}
	}
	zone := history(&ec2.DescribeSpotPriceHistoryInput{
		Filters:       []types.Filter{{Name: awssdk.String("availability-zone"), Values: []string{"us-west-2b"}}, {Name: awssdk.String("instance-type"), Values: []string{"m5.large"}}},
		InstanceTypes: m5, ProductDescriptions: []string{"Linux/UNIX"},
	})
	if len(zone) != 1 || *zone[0].AvailabilityZone != "us-west-2b" {
		t.Errorf("by filters: %+v", zone)
	}
	if page := history(&ec2.DescribeSpotPriceHistoryInput{}); len(page) != 1000 {
		t.Errorf("%d prices in a page, want 1000", len(page))
	}
	_, err := c.ec2.DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{ProductDescriptions: []string{"Linux"}})
	wantError(t, err, "InvalidParameterValue", 400)
	_, err = c.ec2.DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{Filters: []types.Filter{{Name: awssdk.String("colour"), Values: []string{"red"}}}})
	wantError(t, err, "InvalidParameterValue", 400)
}

func (c *cloud) testSetPrices(t *testing.T) {
	for body, status := range map[string]int{
		`{"region":"us-west-2","instanceType":"m5.large","price":0.5}`:                      http.StatusCreated,
		`{"region":"us-west-2","zone":"us-west-2a","instanceType":"m5.large","price":0.25}`: http.StatusCreated,
		`{"region":"us-west-2","zone":"eu-west-1a","instanceType":"m5.large","price":0.25}`: http.StatusBadRequest,
		`{"region":"us-west-2","instanceType":"m5.large","price":0}`:                        http.StatusBadRequest,
		`{"region":"us-west-2","instanceType":"m5.large","price":0.5,"currency":"EUR"}`:     http.StatusBadRequest,
	} {
		res, err := http.Post(c.endpoint+"/_emulator/prices", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, res.StatusCode, status)
		}
	}
	out, err := c.ec2.DescribeSpotPriceHistory(t.Context(), &ec2.DescribeSpotPriceHistoryInput{
		InstanceTypes: []types.InstanceType{types.InstanceTypeM5Large}, AvailabilityZone: awssdk.String("us-west-2a"), ProductDescriptions: []string{"Linux/UNIX"},
	})
	if err != nil || len(out.SpotPriceHistory) != 1 || *out.SpotPriceHistory[0].SpotPrice != "0.250000" {
		t.Errorf("%+v, %v, want the price that was set", out, err)
	}
}
