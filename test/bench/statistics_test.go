// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	samples := make([]time.Duration, 200)
	for i := range samples {
		samples[len(samples)-1-i] = time.Duration(i+1) * time.Millisecond
	}
	for p, want := range map[float64]float64{0: 1, 50: 100, 99: 198, 99.9: 200, 100: 200} {
		if got := percentile(samples, p); got != want {
			t.Errorf("p%v is %v ms, want %v", p, got, want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 100}, 3}} {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.values, got, test.want)
		}
	}
}

func TestSignificant(t *testing.T) {
	for value, want := range map[float64]string{0: "0", 0.00012: "0.00012", 0.0416: "0.0416", 1.2345: "1.23", 99.96: "100", 12345.6: "12346"} {
		if got := significant(value); got != want {
			t.Errorf("%v is printed as %s, want %s", value, got, want)
		}
	}
}
