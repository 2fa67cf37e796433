// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/test/emulator/prices"
)

// familyRates are US dollars per hour of a vCPU and of a GiB of memory in
// us-central1, and the part of them that a spot machine costs. They are those that
// the prices of OMNI's snapshot are made of; a family that is not in the snapshot
// has none.
var familyRates = []struct {
	words              string
	core, memory, spot float64
}{
	{"A2 Instance", 0.031611, 0.004237, 0.3},
	{"C2D AMD Instance", 0.029563, 0.003959, 0.242},
	{"C3 Instance", 0.03398, 0.00456, 0.0907},
	{"E2 Instance", 0.02181, 0.002924, 0.3},
	{"G2 Instance", 0.025153, 0.002927, 0.3},
	{"N2 Instance", 0.031611, 0.004237, 0.242},
	{"N2D AMD Instance", 0.027501, 0.003686, 0.1008},
	{"T2D AMD Instance", 0.027502, 0.003686, 0.242},
}

// gpuRates are the same of a GPU.
var gpuRates = []struct {
	words          string
	onDemand, spot float64
}{
	{"Nvidia L4 GPU", 0.615, 0.3},
	{"Nvidia Tesla A100 GPU", 2.933908, 0.3},
}

// markets are the regions as the price list calls them, and how dear they are: as in
// the snapshot.
var markets = []struct {
	region, words string
	factor        float64
}{
	{"us-central1", "Americas", 1},
	{"europe-west4", "Netherlands", 1.1},
}

// sku is an item of the price list.
type sku struct {
	description, group, usage, unit, region string
	price                                   float64
}

// skus is the whole price list. Each rate has others beside it that a client must
// not take for it: commitments, custom sizes, sole tenancy, flex start.
var skus = func() (all []sku) {
	for _, m := range markets {
		for _, f := range familyRates {
			add := func(words, usage string, factor float64) {
				all = append(all,
					sku{fmt.Sprintf("%s Core running in %s", words, m.words), "CPU", usage, "h", m.region, f.core * m.factor * factor},
					sku{fmt.Sprintf("%s Ram running in %s", words, m.words), "RAM", usage, "GiBy.h", m.region, f.memory * m.factor * factor},
				)
			}
			add(f.words, "OnDemand", 1)
			add("Spot Preemptible "+f.words, "Preemptible", f.spot)
			add("Commitment v1: "+f.words, "Commit1Yr", 0.63)
			add(strings.Replace(f.words, "Instance", "Custom Instance", 1), "OnDemand", 1.05)
			add(strings.Replace(f.words, "Instance", "Sole Tenancy Instance", 1), "OnDemand", 1.1)
			add("DWS Defined Duration "+strings.TrimSuffix(f.words, " Instance"), "OnDemand", 0.5)
			add("Reserved "+f.words, "OnDemand", 0.4)
		}
		for _, g := range gpuRates {
			add := func(words, usage string, factor float64) {
				all = append(all, sku{fmt.Sprintf("%s running in %s", words, m.words), "GPU", usage, "h", m.region, g.onDemand * m.factor * factor})
			}
			add(g.words, "OnDemand", 1)
			add(g.words+" attached to Spot Preemptible VMs", "Preemptible", g.spot)
			add("Commitment v1: "+g.words, "Commit1Yr", 0.63)
			add(g.words+" attached to DWS Defined Duration VMs", "OnDemand", 0.5)
		}
	}
	return all
}()

// acceleratorTypes are Google's names of the GPUs in OMNI's snapshot.
var acceleratorTypes = map[string]string{"L4": "nvidia-l4", "A100": "nvidia-tesla-a100"}

// allMachineTypes are machineTypes and those of OMNI's snapshot.
var allMachineTypes = sync.OnceValue(func() []machineType {
	all := slices.Clone(machineTypes)
	snapshot, err := catalog.Snapshot()
	if err != nil {
		panic(err) // it is part of the binary
	}
	for _, o := range snapshot.Offerings(catalog.Region{Provider: "GCP", Name: "us-central1"}) {
		known := slices.ContainsFunc(all, func(t machineType) bool { return t.name == o.InstanceType })
		if !known {
			all = append(all, machineType{o.InstanceType, int(o.VCPU), int(o.MemoryBytes >> 20), "X86_64", acceleratorTypes[o.GPUName], int(o.GPUs)})
		}
	}
	return all
})

// market is the price list of Compute Engine. The zero value is ready.
type market struct {
	// set are the prices that were set, by description.
	set prices.Set[string, setPrice]
}

// computeService is Compute Engine in the price list.
const computeService = "services/6F81-5844-456A"

// maxSKUs is the greatest and the default size of a page.
const maxSKUs = 5000

// list answers services.skus.list.
func (m *market) list(c *call) (object, *Error) {
	if c.method.ID != "cloudbilling.services.skus.list" {
		return nil, newError("notImplemented", "%s is not implemented by this emulator", c.method.ID)
	}
	if parent := c.path[len("v1/") : len(c.path)-len("/skus")]; parent != computeService {
		return nil, notFound(parent)
	}
	if currency := c.values["currencyCode"]; currency != "" && currency != "USD" {
		return nil, newError("notImplemented", "the emulator knows prices in USD only, not in %s", currency)
	}
	size, start := maxSKUs, 0
	if n := number(c.values["pageSize"]); n > 0 {
		size = min(int(n), maxSKUs)
	}
	if token := c.values["pageToken"]; token != "" {
		var err error
		if start, err = strconv.Atoi(token); err != nil || start <= 0 || start >= len(skus) {
			return nil, invalid("The page token %q is invalid.", token)
		}
	}
	end := min(start+size, len(skus))
	out, page := object{}, []any{}
	for i := range skus[start:end] {
		page = append(page, m.describe(&skus[start+i]))
	}
	out["skus"] = page
	if end < len(skus) {
		out["nextPageToken"] = strconv.Itoa(end)
	}
	return partial(out, c.values["fields"])
}

// describe is a SKU as Cloud Billing writes it.
func (m *market) describe(s *sku) object {
	price := s.price
	if set, ok := m.set.Get(s.description); ok {
		price = set
	}
	units, fraction := math.Modf(price)
	hash := fnv.New32a()
	hash.Write([]byte(s.description))
	id := fmt.Sprintf("%04X-%04X-0000", hash.Sum32()>>16, hash.Sum32()&0xffff)
	return object{
		"name": computeService + "/skus/" + id, "skuId": id, "description": s.description, "serviceProviderName": "Google",
		"category":       object{"serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "resourceGroup": s.group, "usageType": s.usage},
		"serviceRegions": []any{s.region},
		"pricingInfo": []any{object{"effectiveTime": "2026-07-20T00:00:00Z", "currencyConversionRate": 1, "pricingExpression": object{
			"usageUnit": s.unit, "displayQuantity": 1, "tieredRates": []any{object{"startUsageAmount": 0, "unitPrice": object{
				"currencyCode": "USD", "units": strconv.FormatFloat(units, 'f', 0, 64), "nanos": int64(math.Round(fraction * 1e9)),
			}}},
		}}},
	}
}

// setPrice is the body of POST /_emulator/prices: the price of a SKU, in US dollars per
// hour.
type setPrice struct {
	Description string  `json:"description"`
	Price       float64 `json:"price"`
}

// Priced implements prices.Entry.
func (s setPrice) Priced() (string, float64, error) {
	if !slices.ContainsFunc(skus, func(known sku) bool { return known.description == s.Description }) || s.Price < 0 {
		return "", 0, errors.New("the description of a SKU, as E2 Instance Core running in Americas, and a price of 0 or more are needed")
	}
	return s.Description, s.Price, nil
}
