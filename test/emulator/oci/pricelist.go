// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"net/http"
	"slices"

	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/prices"
)

// pricePath is where Oracle's public price list is, on a host of its own. Nobody has
// to sign in for it.
// https://docs.oracle.com/iaas/Content/Billing/Tasks/signingup_topic-Estimating_Costs.htm
const pricePath = "/pls/apex/cetools/api/v1/products/"

// product of the price list, in US dollars.
type product struct {
	part, name, metric string
	price              float64
	// free is the amount a month that costs nothing; 0: none.
	free float64
}

// products are Oracle's list prices of 2026, and some beside them that a client must
// not take for them. The figures of E4, E5 and A10 are those of OMNI's snapshot.
var products = []product{
	{"B93113", "Compute - Standard - E4 - OCPU", "OCPU Per Hour", 0.025, 0},
	{"B93114", "Compute - Standard - E4 - Memory", "Gigabyte Per Hour", 0.0015, 0},
	{"B97384", "Compute - Standard - E5 - OCPU", "OCPU Per Hour", 0.03, 0},
	{"B97385", "Compute - Standard - E5 - Memory", "Gigabytes Per Hour", 0.002, 0},
	{"B94176", "Compute - Standard - X9 - OCPU", "OCPU Per Hour", 0.04, 0},
	{"B94177", "Compute - Standard - X9 - Memory", "Gigabytes Per Hour", 0.0015, 0},
	{"B93297", "Compute - Standard - A1 - OCPU", "OCPU Per Hour", 0.01, 3000},
	{"B93298", "Compute - Standard - A1 - Memory", "Gigabyte Per Hour", 0.0015, 18000},
	{"B109529", "Compute - Standard - A2 OCPU", "OCPU Per Hour", 0.014, 0},
	{"B109530", "Compute - Standard - A2 Memory", "Gigabyte Per Hour", 0.002, 0},
	{"B95909", "Compute - GPU - A10", "GPU Per Hour", 2, 0},
	{"B88318", "Compute - Windows OS", "OCPU Per Hour", 0.092, 0},
	{"B91961", "Storage - Block Volume - Storage", "Gigabyte Storage Capacity Per Month", 0.0255, 0},
}

// unlimited is the end of the last tier.
const unlimited = 999999999999999

// priceList is the handler of the price list.
type priceList struct {
	faults *fault.Rules
	// set are the prices that were set, by part number.
	set prices.Set[string, setPrice]
}

// ServeHTTP answers with the whole list, or one product of it.
func (p *priceList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	for name, values := range query {
		if name != "currencyCode" && name != "partNumber" || name == "currencyCode" && values[0] != "USD" {
			http.Error(w, "the emulator knows currencyCode=USD and partNumber only", http.StatusBadRequest)
			return
		}
	}
	if rule := p.faults.Take(func(rule *fault.Rule) bool { return rule.Action == "ListProducts" }); rule != nil {
		status, ok := statuses[rule.Code]
		if !ok {
			status = http.StatusServiceUnavailable
		}
		http.Error(w, rule.Words(), status)
		return
	}
	items := []object{}
	for i := range products {
		if part := query.Get("partNumber"); part == "" || part == products[i].part {
			items = append(items, p.describe(&products[i]))
		}
	}
	writeJSON(w, http.StatusOK, object{"lastUpdated": "2026-07-20T00:00:00.000Z", "items": items})
}

func (p *priceList) describe(q *product) object {
	price := q.price
	if set, ok := p.set.Get(q.part); ok {
		price = set
	}
	tiers := []object{{"model": "PAY_AS_YOU_GO", "value": price}, {"model": "MONTHLY_COMMIT", "value": price * 1.5}}
	if q.free > 0 {
		tiers = []object{
			{"model": "PAY_AS_YOU_GO", "value": 0, "rangeMin": 0, "rangeMax": q.free},
			{"model": "PAY_AS_YOU_GO", "value": price, "rangeMin": q.free, "rangeMax": unlimited},
		}
	}
	return object{
		"partNumber": q.part, "displayName": q.name, "metricName": q.metric, "serviceCategory": "Compute - Virtual Machine",
		"currencyCodeLocalizations": []object{{"currencyCode": "USD", "prices": tiers}},
	}
}

// setPrice is the body of POST /_emulator/prices: the price of a product, in US dollars.
type setPrice struct {
	PartNumber string  `json:"partNumber"`
	Price      float64 `json:"price"`
}

// Priced implements prices.Entry.
func (s setPrice) Priced() (string, float64, error) {
	if !slices.ContainsFunc(products, func(known product) bool { return known.part == s.PartNumber }) || s.Price < 0 {
		return "", 0, errors.New("the partNumber of a product and a price of 0 or more are needed")
	}
	return s.PartNumber, s.Price, nil
}
