// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/catalog"
)

// defaultOrder of instances is the cheapest first.
const defaultOrder = "price"

// instanceQuery is what is asked of nodetemplates/instances.
type instanceQuery struct {
	filter   catalog.Filter
	location string
	sortBy   string
	order    catalog.Order
	limit    int64
}

// newInstanceQuery reads the query parameters but the continue token. Each error
// names its parameter.
func newInstanceQuery(options *omni.InstanceOptions) (*instanceQuery, field.ErrorList) {
	q := &instanceQuery{
		filter: catalog.Filter{
			GPUName: options.GPUName, Architecture: options.Architecture,
			Region: options.Region, Zone: options.Zone, CapacityType: options.CapacityType,
		},
		location: options.EdgeLocation,
		sortBy:   cmp.Or(options.SortBy, defaultOrder),
	}
	r := &parameterReader{}
	q.filter.MinVCPU = r.notNegative("minCPU", options.MinCPU)
	q.filter.MaxVCPU = r.notNegative("maxCPU", options.MaxCPU)
	q.filter.MinMemoryBytes = r.memory("minMemory", options.MinMemory)
	q.filter.MaxMemoryBytes = r.memory("maxMemory", options.MaxMemory)
	q.filter.MinGPUs = r.notNegative("minGPUs", options.MinGPUs)
	q.filter.MinGPUMemoryBytes = r.memory("minGPUMemory", options.MinGPUMemory)
	q.limit = r.notNegative("limit", options.Limit)
	q.filter.MaxHourlyPrice = r.price("maxPrice", options.MaxPrice)
	// What nothing is called is no mistake: there are no such instances. What
	// cannot be a name is one.
	r.name("gpuName", strings.ReplaceAll(options.GPUName, " ", "-"))
	r.name("region", options.Region)
	r.name("edgeLocation", options.EdgeLocation)
	r.name("zone", options.Zone)
	r.oneOf("architecture", options.Architecture, "amd64", "arm64")
	r.oneOf("capacityType", options.CapacityType, string(omni.CapacityOnDemand), string(omni.CapacitySpot))
	var ok bool
	if q.order, ok = catalog.ParseOrder(q.sortBy); !ok {
		r.invalid("sortBy", q.sortBy, "must be one of "+strings.Join(catalog.Orders(), ", ")+", or one of them after a - for the highest first")
	}
	return q, r.errs
}

// parameterReader reads parameters and collects what is wrong with them.
type parameterReader struct{ errs field.ErrorList }

func (r *parameterReader) invalid(name string, value any, message string) {
	r.errs = append(r.errs, field.Invalid(field.NewPath(name), value, message))
}

func (r *parameterReader) notNegative(name string, value int64) int64 {
	if value < 0 {
		r.invalid(name, value, "must be 0 or more")
	}
	return value
}

func (r *parameterReader) memory(name, value string) int64 {
	if value == "" {
		return 0
	}
	quantity, err := resource.ParseQuantity(value)
	if err != nil || quantity.Sign() < 0 {
		r.invalid(name, value, "must be an amount of memory, for example 16Gi")
	}
	return quantity.Value()
}

func (r *parameterReader) price(name, value string) *float64 {
	if value == "" {
		return nil
	}
	price, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(price) || math.IsInf(price, 0) || price < 0 {
		r.invalid(name, value, "must be US dollars per hour as a decimal, for example 0.50")
	}
	return &price
}

func (r *parameterReader) name(name, value string) {
	for _, message := range validation.IsValidLabelValue(value) {
		r.invalid(name, value, message)
	}
}

func (r *parameterReader) oneOf(name, value string, supported ...string) {
	if value != "" && !slices.Contains(supported, value) {
		r.errs = append(r.errs, field.NotSupported(field.NewPath(name), value, supported))
	}
}
