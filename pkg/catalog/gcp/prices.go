// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/googleapi"

	"github.com/castai/omni/pkg/catalog/lister"
)

const (
	// computeEngine is the service whose SKUs are asked for.
	// https://cloud.google.com/billing/docs/how-to/get-pricing-information-api
	computeEngine = "services/6F81-5844-456A"
	// maxSKUsPerPage is the greatest there is. Compute Engine has some 30,000.
	maxSKUsPerPage = 5000
	// skuFields are the parts of a SKU that are read; the others are most of it.
	skuFields = "nextPageToken,skus(description,category/usageType,serviceRegions,pricingInfo/pricingExpression(usageUnit,tieredRates))"
)

// resource is what a SKU charges for.
type resource string

const (
	core   resource = "core"   // a vCPU for an hour
	memory resource = "memory" // a GiB of memory for an hour
	gpu    resource = "gpu"    // a GPU for an hour
	ssd    resource = "ssd"    // a GiB of local SSD for an hour
)

// rate says what a price is of. The name is a family of machines, a GPU as the
// price list names it, or empty for the SSDs that are not a family's own.
type rate struct {
	resource resource
	name     string
	spot     bool
}

// rates in US dollars per hour.
type rates map[rate]float64

// prices of the region.
func (l *Lister) prices(ctx context.Context) (lister.PriceOf[parts], error) {
	list, err := l.rates(ctx)
	return list.price, err
}

func (l *Lister) rates(ctx context.Context) (rates, error) {
	all := rates{}
	call := l.billing.Services.Skus.List(computeEngine).CurrencyCode("USD").PageSize(l.skusPerPage).Fields(googleapi.Field(skuFields))
	for more := true; more; {
		var page *cloudbilling.ListSkusResponse
		err := l.asker.Page(ctx, func(ctx context.Context) (err error) {
			page, err = call.Context(ctx).Do()
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, sku := range page.Skus {
			if !slices.Contains(sku.ServiceRegions, l.region) {
				continue
			}
			if what, ok := parse(sku); ok {
				// Should two SKUs be of the same, do not promise the cheaper.
				all[what] = max(all[what], hourly(sku, what.resource))
			}
		}
		call, more = call.PageToken(page.NextPageToken), page.NextPageToken != ""
	}
	return all, nil
}

// The descriptions of SKUs are all that says what they are of. Commitments,
// reservations, sole tenancy, custom sizes and flex start have others.
var (
	instanceSKU = regexp.MustCompile(`^(Spot Preemptible )?(.+) (Core|Ram) running in `)
	gpuSKU      = regexp.MustCompile(`^(Spot Preemptible )?(.+?)( attached to Spot Preemptible VMs)? running in `)
	familySSD   = regexp.MustCompile(`^(Spot Preemptible )?(\w+) Instance Local SSD running in `)
	anySSD      = regexp.MustCompile(`^SSD backed Local Storage( attached to Spot Preemptible VMs)?( in .*)?$`)
	// familyWords come before Core and Ram: N2D AMD Instance.
	familyWords = regexp.MustCompile(`^(\w+)(?: AMD| Arm| Predefined| Memory-optimized)? Instance$`)
)

// oldFamilies are not named in their SKUs.
var oldFamilies = map[string]string{
	"Compute optimized": "c2", "Compute optimized Instance": "c2", "Memory-optimized Instance": "m1",
}

// parse says what a SKU is a rate of. Spot SKUs are of the usage type Preemptible,
// but for some that have only the words.
func parse(sku *cloudbilling.Sku) (rate, bool) {
	usage := ""
	if sku.Category != nil {
		usage = sku.Category.UsageType
	}
	if usage != "OnDemand" && usage != "Preemptible" {
		return rate{}, false
	}
	spot := usage == "Preemptible"
	if m := anySSD.FindStringSubmatch(sku.Description); m != nil {
		return rate{ssd, "", spot || m[1] != ""}, true
	}
	if m := familySSD.FindStringSubmatch(sku.Description); m != nil {
		return rate{ssd, strings.ToLower(m[2]), spot || m[1] != ""}, true
	}
	if m := instanceSKU.FindStringSubmatch(sku.Description); m != nil {
		of := map[string]resource{"Core": core, "Ram": memory}[m[3]]
		family, ok := family(m[2])
		return rate{of, family, spot || m[1] != ""}, ok
	}
	if m := gpuSKU.FindStringSubmatch(sku.Description); m != nil {
		return rate{gpu, m[2], spot || m[1] != "" || m[3] != ""}, knownGPU(m[2])
	}
	return rate{}, false
}

// knownGPU says whether the price list's name of a GPU is in the table.
func knownGPU(sku string) bool {
	for _, a := range accelerators {
		if a.sku == sku {
			return true
		}
	}
	return false
}

func family(words string) (string, bool) {
	if old, ok := oldFamilies[words]; ok {
		return old, true
	}
	m := familyWords.FindStringSubmatch(words)
	if m == nil {
		return "", false
	}
	return strings.ToLower(m[1]), true
}

// hoursPerMonth is what Google divides monthly prices by.
// https://cloud.google.com/compute/disks-image-pricing
const hoursPerMonth = 730

// hourly is the rate of a SKU in US dollars, 0 when it has none in the unit that
// the resource is charged in. Tiers begin with what is free: the dearest counts.
func hourly(sku *cloudbilling.Sku, of resource) float64 {
	if len(sku.PricingInfo) == 0 {
		return 0
	}
	expression := sku.PricingInfo[len(sku.PricingInfo)-1].PricingExpression // the newest
	if expression == nil {
		return 0
	}
	price := 0.0
	for _, tier := range expression.TieredRates {
		if tier.UnitPrice != nil && tier.UnitPrice.CurrencyCode == "USD" {
			price = max(price, float64(tier.UnitPrice.Units)+float64(tier.UnitPrice.Nanos)/1e9)
		}
	}
	switch unit := expression.UsageUnit; {
	case unit == "h" && (of == core || of == gpu), unit == "GiBy.h" && (of == memory || of == ssd):
		return price
	case unit == "GiBy.mo" && of == ssd:
		return price / hoursPerMonth
	}
	return 0
}

// price of a machine.
func (r rates) price(m *machine, spot bool) (float64, bool) {
	family := billingFamily(m.InstanceType)
	sum, whole := 0.0, true
	add := func(amount, rate float64) {
		sum += amount * rate
		whole = whole && (amount == 0 || rate > 0)
	}
	add(float64(m.VCPU), r[rate{core, family, spot}])
	add(float64(m.MemoryBytes)/gibibyte, r[rate{memory, family, spot}])
	add(float64(m.GPUs), r[rate{gpu, m.Parts.gpu, spot}])
	disk, own := r[rate{ssd, family, spot}]
	if !own {
		disk = r[rate{ssd, "", spot}]
	}
	add(float64(m.Parts.ssdGiB), disk)
	return sum, whole
}

// billingFamilies are the families in the price list of types whose name begins
// otherwise.
var billingFamilies = map[string]string{
	"a3-megagpu": "a3plus", "a3-ultragpu": "a3ultra", "m4-ultramem-224": "m4ultramem224",
}

func billingFamily(instanceType string) string {
	for prefix, family := range billingFamilies {
		if strings.HasPrefix(instanceType, prefix) {
			return family
		}
	}
	family, _, _ := strings.Cut(instanceType, "-")
	return family
}
