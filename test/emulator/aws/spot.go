// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spotProducts are what spot prices are told for, and how dear they are compared
// with Linux. Who asks for no product gets all of them, as in AWS.
var spotProducts = []struct {
	name   string
	factor float64
}{{"Linux/UNIX", 1}, {"Windows", 1.8}}

// spotAge is how long ago the price of now began. A history that begins later
// holds that price too; one that begins before it, nothing older.
const spotAge = time.Hour

// spotHistory answers DescribeSpotPriceHistory; moto's prices are of 2006.
func (e *Emulator) spotHistory(ctx context.Context, req *request) (*response, *Error) {
	wanted, err := spotFilter(req.params)
	if err != nil {
		return nil, err
	}
	var zones struct {
		Names []string `xml:"availabilityZoneInfo>item>zoneName"`
	}
	if err := e.upstream.ec2(ctx, req, url.Values{"Action": {"DescribeAvailabilityZones"}}, &zones); err != nil {
		return nil, &Error{"InternalError", err.Error()}
	}
	began := e.clock.Now().UTC().Add(-spotAge).Truncate(time.Hour).Format(time.RFC3339)
	var items []item
	for _, instanceType := range e.market.types(req.region) {
		for _, zone := range zones.Names {
			for _, product := range spotProducts {
				if !wanted("instance-type", instanceType) || !wanted("availability-zone", zone) || !wanted("product-description", product.name) {
					continue
				}
				price := e.market.spot(req.region, zone, instanceType) * product.factor
				if price > 0 {
					items = append(items, spotItem(instanceType, product.name, zone, began, price))
				}
			}
		}
	}
	return writeItems(req, items)
}

func spotItem(instanceType, product, zone, began string, price float64) item {
	var out strings.Builder
	for _, field := range [][2]string{
		{"instanceType", instanceType}, {"productDescription", product}, {"spotPrice", strconv.FormatFloat(price, 'f', 6, 64)},
		{"timestamp", began}, {"availabilityZone", zone},
	} {
		fmt.Fprintf(&out, "<%s>", field[0])
		_ = xml.EscapeText(&out, []byte(field[1])) // a strings.Builder takes everything
		fmt.Fprintf(&out, "</%s>", field[0])
	}
	return item{out.String()}
}

// spotFilter says which points pass the parameters and filters of a request.
func spotFilter(params url.Values) (func(name, value string) bool, *Error) {
	allowed := map[string][]string{
		"instance-type":       list(params, "InstanceType"),
		"product-description": list(params, "ProductDescription"),
	}
	if zone := params.Get("AvailabilityZone"); zone != "" {
		allowed["availability-zone"] = []string{zone}
	}
	for i := 1; params.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		prefix := fmt.Sprintf("Filter.%d.", i)
		name := params.Get(prefix + "Name")
		if !slices.Contains([]string{"instance-type", "availability-zone", "product-description"}, name) {
			return nil, &Error{"InvalidParameterValue", "The filter '" + name + "' is invalid"}
		}
		allowed[name] = append(allowed[name], list(params, prefix+"Value")...)
	}
	for _, product := range allowed["product-description"] {
		// Those of classic networks end in (Amazon VPC); they are no prices of now.
		if !slices.Contains([]string{"Linux/UNIX", "Red Hat Enterprise Linux", "SUSE Linux", "Windows"}, strings.TrimSuffix(product, " (Amazon VPC)")) {
			return nil, &Error{"InvalidParameterValue", "Invalid product description: " + product}
		}
	}
	return func(name, value string) bool { return len(allowed[name]) == 0 || slices.Contains(allowed[name], value) }, nil
}

// list reads name.1, name.2 and so on.
func list(params url.Values, name string) (values []string) {
	for i := 1; params.Has(fmt.Sprintf("%s.%d", name, i)); i++ {
		values = append(values, params.Get(fmt.Sprintf("%s.%d", name, i)))
	}
	return values
}
