// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"testing"
)

// listed are offerings that differ in everything a list can be filtered by.
var listed = []Offering{
	{Type: Type{InstanceType: "a.small", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30}, Region: "r1", Zone: "r1a", CapacityType: "spot", HourlyPrice: 0.1},
	{Type: Type{InstanceType: "b.large", Architecture: "arm64", VCPU: 8, MemoryBytes: 16 << 30}, Region: "r1", Zone: "r1b", CapacityType: "on-demand", HourlyPrice: 0.2},
	{Type: Type{InstanceType: "c.gpu", Architecture: "amd64", VCPU: 4, MemoryBytes: 32 << 30, GPUs: 1, GPUName: "T4", GPUMemoryBytes: 16 << 30}, Region: "r2", Zone: "r2a", CapacityType: "on-demand", HourlyPrice: 0.8},
}

func TestFilter(t *testing.T) {
	for name, test := range map[string]struct {
		filter Filter
		want   []string
	}{
		"nothing":       {Filter{}, []string{"a.small", "b.large", "c.gpu"}},
		"min CPU":       {Filter{MinVCPU: 4}, []string{"b.large", "c.gpu"}},
		"max CPU":       {Filter{MaxVCPU: 4}, []string{"a.small", "c.gpu"}},
		"min memory":    {Filter{MinMemoryBytes: 16 << 30}, []string{"b.large", "c.gpu"}},
		"max memory":    {Filter{MaxMemoryBytes: 16 << 30}, []string{"a.small", "b.large"}},
		"min GPUs":      {Filter{MinGPUs: 1}, []string{"c.gpu"}},
		"GPU memory":    {Filter{MinGPUMemoryBytes: 16 << 30}, []string{"c.gpu"}},
		"more of it":    {Filter{MinGPUMemoryBytes: 16<<30 + 1}, nil},
		"GPU name":      {Filter{GPUName: "t4"}, []string{"c.gpu"}},
		"architecture":  {Filter{Architecture: "arm64"}, []string{"b.large"}},
		"region":        {Filter{Region: "r1"}, []string{"a.small", "b.large"}},
		"zone":          {Filter{Zone: "r1b"}, []string{"b.large"}},
		"capacity type": {Filter{CapacityType: "on-demand"}, []string{"b.large", "c.gpu"}},
		"max price":     {Filter{MaxHourlyPrice: new(0.2)}, []string{"a.small", "b.large"}},
		"free machines": {Filter{MaxHourlyPrice: new(0.0)}, nil},
		"both":          {Filter{Region: "r1", MinVCPU: 4}, []string{"b.large"}},
	} {
		var got []string
		for i := range listed {
			if test.filter.Passes(&listed[i]) {
				got = append(got, listed[i].InstanceType)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestOrder(t *testing.T) {
	for name, want := range map[string][]string{
		"price":          {"a.small", "b.large", "c.gpu"},
		"-price":         {"c.gpu", "b.large", "a.small"},
		"cpu":            {"a.small", "c.gpu", "b.large"},
		"-cpu":           {"b.large", "c.gpu", "a.small"},
		"memory":         {"a.small", "b.large", "c.gpu"},
		"name":           {"a.small", "b.large", "c.gpu"},
		"-name":          {"c.gpu", "b.large", "a.small"},
		"price-per-cpu":  {"b.large", "a.small", "c.gpu"},
		"-price-per-cpu": {"c.gpu", "a.small", "b.large"},
	} {
		order, ok := ParseOrder(name)
		if !ok {
			t.Fatalf("%s is not known", name)
		}
		sorted := slices.Clone(listed)
		slices.SortFunc(sorted, func(a, b Offering) int {
			return order.Compare(order.Position(&a, a.InstanceType), order.Position(&b, b.InstanceType))
		})
		var got []string
		for i := range sorted {
			got = append(got, sorted[i].InstanceType)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"", "-", "age", "--price", "Price"} {
		if _, ok := ParseOrder(name); ok {
			t.Errorf("%q is an order", name)
		}
	}
}
