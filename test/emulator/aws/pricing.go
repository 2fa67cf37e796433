// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// pricingRegions are those with an endpoint of the Price List API.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
var pricingRegions = []string{"us-east-1", "eu-central-1", "ap-south-1"}

// maxProducts is the greatest and the default size of a page.
const maxProducts = 100

// getProducts is the input of GetProducts.
type getProducts struct {
	ServiceCode   string
	FormatVersion string
	NextToken     string
	MaxResults    *int
	Filters       []productFilter
}

type productFilter struct{ Type, Field, Value string }

// products answers the Price List API, which moto does not have.
func (e *Emulator) products(req *request) (*response, *Error) {
	if req.action != "GetProducts" {
		return nil, &Error{"UnknownOperationException", "The emulator knows GetProducts only, not " + req.action}
	}
	if !slices.Contains(pricingRegions, req.region) {
		return nil, &Error{"InvalidSignatureException", "Credential should be scoped to a valid region: " + strings.Join(pricingRegions, ", ")}
	}
	in, err := readGetProducts(req.body)
	if err != nil {
		return nil, err
	}
	var items []string
	for _, p := range e.market.products(in.value("regionCode")) {
		if p.passes(in.Filters) {
			items = append(items, p.encode())
		}
	}
	size := maxProducts
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	cut, next, ok := page(items, size, in.NextToken, fmt.Sprintf("?%q", in.Filters))
	if !ok {
		return nil, &Error{"InvalidNextTokenException", "The pagination token is invalid"}
	}
	body := map[string]any{"FormatVersion": "aws_v1", "PriceList": cut}
	if next != "" {
		body["NextToken"] = next
	}
	res := newResponse()
	writeJSON(res, http.StatusOK, body)
	return res, nil
}

func readGetProducts(body []byte) (*getProducts, *Error) {
	in := &getProducts{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return nil, &Error{"SerializationException", err.Error()}
	}
	invalid := func(format string, args ...any) (*getProducts, *Error) {
		return nil, &Error{"InvalidParameterException", fmt.Sprintf(format, args...)}
	}
	switch {
	case in.ServiceCode == "":
		return invalid("ServiceCode is missing")
	case in.ServiceCode != "AmazonEC2":
		return nil, &Error{"NotFoundException", "The emulator has products of AmazonEC2 only"}
	case in.FormatVersion != "" && in.FormatVersion != "aws_v1":
		return invalid("FormatVersion must be aws_v1")
	case in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > maxProducts):
		return invalid("MaxResults must be between 1 and %d", maxProducts)
	case len(in.Filters) > 50:
		return invalid("Filters must have at most 50 members")
	}
	for _, f := range in.Filters {
		if f.Field == "" || f.Value == "" || f.Type != "TERM_MATCH" && f.Type != "EQUALS" {
			return invalid("a filter has the Type TERM_MATCH or EQUALS (the emulator knows no others), a Field and a Value, not %+v", f)
		}
		if !slices.Contains(attributeNames, f.Field) {
			return invalid("the emulator knows no attribute %s", f.Field)
		}
	}
	return in, nil
}

// value of the filter of a field; empty: there is none.
func (in *getProducts) value(field string) string {
	for _, f := range in.Filters {
		if f.Field == field {
			return f.Value
		}
	}
	return ""
}

// product is an item of the price list.
type product struct {
	attributes map[string]string
	hourly     float64
}

var attributeNames = []string{
	"regionCode", "instanceType", "operatingSystem", "tenancy", "preInstalledSw", "capacitystatus", "marketoption",
}

// variants of each type. A client that filters too little gets the wrong ones too:
// dearer systems, and reserved capacity that is paid for already.
var variants = []struct {
	system, tenancy, software, capacity, market string
	factor                                      float64
}{
	{"Linux", "Shared", "NA", "Used", "OnDemand", 1},
	{"Windows", "Shared", "NA", "Used", "OnDemand", 1.8},
	{"Linux", "Dedicated", "NA", "Used", "OnDemand", 1.06},
	{"Linux", "Shared", "SQL Std", "Used", "OnDemand", 4},
	{"Linux", "Shared", "NA", "UnusedCapacityReservation", "OnDemand", 1.2},
	{"Linux", "Shared", "NA", "AllocatedCapacityReservation", "OnDemand", 0},
	{"Linux", "Shared", "NA", "Used", "CapacityBlock", 1.5},
}

// products of a region; without one, of the region with the public prices.
func (m *market) products(region string) (all []product) {
	if region == "" {
		region = listRegion
	}
	for _, name := range m.types(region) {
		for _, v := range variants {
			all = append(all, product{
				attributes: map[string]string{
					"regionCode": region, "instanceType": name, "operatingSystem": v.system, "tenancy": v.tenancy,
					"preInstalledSw": v.software, "capacitystatus": v.capacity, "marketoption": v.market,
				},
				hourly: m.onDemand(region, name) * v.factor,
			})
		}
	}
	return all
}

func (p *product) passes(filters []productFilter) bool {
	return !slices.ContainsFunc(filters, func(f productFilter) bool { return !strings.EqualFold(p.attributes[f.Field], f.Value) })
}

// The codes of an on-demand term and of its price per hour, the same for all
// products of AWS.
const onDemandTerm, hourlyRate = "JRTCKXETXF", "6YS6EN2CT7"

// encode is the JSON text of an item, as in AWS's price list files.
func (p *product) encode() string {
	sku := strings.ToUpper(strings.ReplaceAll(p.attributes["instanceType"], ".", ""))
	term := sku + "." + onDemandTerm
	text, _ := json.Marshal(map[string]any{ // strings and numbers always marshal
		"product":     map[string]any{"sku": sku, "productFamily": "Compute Instance", "attributes": p.attributes},
		"serviceCode": "AmazonEC2",
		"terms": map[string]any{"OnDemand": map[string]any{term: map[string]any{
			"sku": sku, "offerTermCode": onDemandTerm,
			"priceDimensions": map[string]any{term + "." + hourlyRate: map[string]any{
				"unit": "Hrs", "pricePerUnit": map[string]string{"USD": strconv.FormatFloat(p.hourly, 'f', 10, 64)},
			}},
		}}},
	})
	return string(text)
}
