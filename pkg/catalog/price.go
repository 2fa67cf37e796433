// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"math"
	"strconv"
)

// FormatPrice writes a price in US dollars per hour the way the API does: a
// decimal without trailing zeros, rounded to a millionth of a dollar.
func FormatPrice(hourly float64) string {
	return strconv.FormatFloat(math.Round(hourly*1e6)/1e6, 'f', -1, 64)
}

// ParsePrice reads what FormatPrice wrote; anything else counts as zero, so that
// an object without a price never hides the sum of the others.
func ParsePrice(hourly string) float64 {
	price, err := strconv.ParseFloat(hourly, 64)
	if err != nil || math.IsNaN(price) || math.IsInf(price, 0) {
		return 0
	}
	return price
}

// HourlyPricePerVCPU is what one virtual CPU costs, in US dollars per hour.
func (o *Offering) HourlyPricePerVCPU() float64 { return o.HourlyPrice / float64(o.VCPU) }
