// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"math"
	"testing"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/compute/v1"

	"github.com/castai/omni/pkg/catalog"
)

// TestParse: descriptions as Google writes them.
func TestParse(t *testing.T) {
	for description, test := range map[string]struct {
		usage string
		want  rate
	}{
		"N2 Instance Core running in Americas":                                      {"OnDemand", rate{core, "n2", false}},
		"N2D AMD Instance Ram running in Salt Lake City":                            {"OnDemand", rate{memory, "n2d", false}},
		"C4A Arm Instance Core running in Northern Virginia":                        {"OnDemand", rate{core, "c4a", false}},
		"N1 Predefined Instance Core running in Americas":                           {"OnDemand", rate{core, "n1", false}},
		"Compute optimized Core running in Americas":                                {"OnDemand", rate{core, "c2", false}},
		"Memory-optimized Instance Ram running in Americas":                         {"OnDemand", rate{memory, "m1", false}},
		"M3 Memory-optimized Instance Ram running in Phoenix":                       {"OnDemand", rate{memory, "m3", false}},
		"Spot Preemptible C3D Instance Core running in Americas":                    {"Preemptible", rate{core, "c3d", true}},
		"Spot Preemptible Compute optimized Ram running in Montreal":                {"Preemptible", rate{memory, "c2", true}},
		"Nvidia L4 GPU running in Iowa":                                             {"OnDemand", rate{gpu, "Nvidia L4 GPU", false}},
		"Nvidia Tesla A100 80GB GPU attached to Spot Preemptible VMs running in X":  {"Preemptible", rate{gpu, "Nvidia Tesla A100 80GB GPU", true}},
		"A4 Nvidia B200 (1 gpu slice) running in Netherlands":                       {"OnDemand", rate{gpu, "A4 Nvidia B200 (1 gpu slice)", false}},
		"Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Americas":         {"OnDemand", rate{gpu, "A4 Nvidia B200 (1 gpu slice)", true}},
		"SSD backed Local Storage":                                                  {"OnDemand", rate{ssd, "", false}},
		"SSD backed Local Storage attached to Spot Preemptible VMs in Zurich":       {"OnDemand", rate{ssd, "", true}},
		"C4 Instance Local SSD running in Americas":                                 {"OnDemand", rate{ssd, "c4", false}},
		"N2 Custom Instance Core running in Americas":                               {"OnDemand", rate{}},
		"C3 Sole Tenancy Instance Core running in Americas":                         {"OnDemand", rate{}},
		"DWS Defined Duration A3 Core running in Americas":                          {"OnDemand", rate{}},
		"Reserved A2 Instance Core in Americas":                                     {"OnDemand", rate{}},
		"Commitment v1: N2 Cpu in Americas for 1 Year":                              {"Commit1Yr", rate{}},
		"N2 Instance Core running in Hamina":                                        {"Commit3Yr", rate{}},
		"Nvidia L4 Virtual Workstation GPU running in Netherlands":                  {"OnDemand", rate{}},
		"Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Iowa": {"OnDemand", rate{}},
		"Network Internet Egress from Israel to South America":                      {"OnDemand", rate{}},
	} {
		got, ok := parse(&cloudbilling.Sku{Description: description, Category: &cloudbilling.Category{UsageType: test.usage}})
		if ok != (test.want != rate{}) || ok && got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", description, got, ok, test.want)
		}
	}
	if _, ok := parse(&cloudbilling.Sku{Description: "N2 Instance Core running in Americas"}); ok {
		t.Error("a SKU without a category is taken")
	}
}

func TestHourly(t *testing.T) {
	price := func(unit string, nanos ...int64) *cloudbilling.PricingInfo {
		expression := &cloudbilling.PricingExpression{UsageUnit: unit}
		for _, n := range nanos {
			expression.TieredRates = append(expression.TieredRates, &cloudbilling.TierRate{UnitPrice: &cloudbilling.Money{CurrencyCode: "USD", Units: n / 1e9, Nanos: n % 1e9}})
		}
		return &cloudbilling.PricingInfo{PricingExpression: expression}
	}
	euros := price("h", 5e8)
	euros.PricingExpression.TieredRates[0].UnitPrice.CurrencyCode = "EUR"
	for name, test := range map[string]struct {
		of   resource
		info []*cloudbilling.PricingInfo
		want float64
	}{
		"a core":                 {core, []*cloudbilling.PricingInfo{price("h", 21_810_000)}, 0.02181},
		"dollars and cents":      {gpu, []*cloudbilling.PricingInfo{price("h", 2_933_908_000)}, 2.933908},
		"the first tier is free": {memory, []*cloudbilling.PricingInfo{price("GiBy.h", 0, 3_000_000)}, 0.003},
		"the newest":             {core, []*cloudbilling.PricingInfo{price("h", 1e9), price("h", 2e9)}, 2},
		"a month of SSD":         {ssd, []*cloudbilling.PricingInfo{price("GiBy.mo", 80_000_000)}, 0.08 / 730},
		"an hour of SSD":         {ssd, []*cloudbilling.PricingInfo{price("GiBy.h", 100_000)}, 0.0001},
		"another unit":           {core, []*cloudbilling.PricingInfo{price("mo", 1e9)}, 0},
		"another currency":       {core, []*cloudbilling.PricingInfo{euros}, 0},
		"no expression":          {core, []*cloudbilling.PricingInfo{{}}, 0},
		"nothing":                {core, nil, 0},
	} {
		if got := hourly(&cloudbilling.Sku{PricingInfo: test.info}, test.of); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestPrice: all that a machine is made of is paid for, or it has no price.
func TestPrice(t *testing.T) {
	list := rates{
		{core, "a2", false}: 0.03, {memory, "a2", false}: 0.004, {gpu, "Nvidia Tesla A100 80GB GPU", false}: 4,
		{ssd, "", false}: 0.0001, {ssd, "z3", false}: 0.0002,
		{core, "z3", false}: 0.05, {memory, "z3", false}: 0.005, {core, "a3plus", false}: 0.03, {memory, "a3plus", false}: 0.003,
		{core, "m3", false}: 0.05,
	}
	gib := func(n int64) int64 { return n << 30 }
	for name, test := range map[string]struct {
		machine machine
		want    float64
	}{
		"GPU and SSD":            {machine{Type: catalog.Type{InstanceType: "a2-ultragpu-1g", VCPU: 12, MemoryBytes: gib(170), GPUs: 1}, Parts: parts{"Nvidia Tesla A100 80GB GPU", 375}}, 12*0.03 + 170*0.004 + 4 + 375*0.0001},
		"a family's own SSD":     {machine{Type: catalog.Type{InstanceType: "z3-highmem-8", VCPU: 8, MemoryBytes: gib(64)}, Parts: parts{ssdGiB: 3000}}, 8*0.05 + 64*0.005 + 3000*0.0002},
		"another name":           {machine{Type: catalog.Type{InstanceType: "a3-megagpu-8g", VCPU: 208, MemoryBytes: gib(1872)}}, 208*0.03 + 1872*0.003},
		"a GPU without a price":  {machine{Type: catalog.Type{InstanceType: "a2-highgpu-1g", VCPU: 12, MemoryBytes: gib(85), GPUs: 1}, Parts: parts{gpu: "Nvidia Tesla A100 GPU"}}, 0},
		"memory without a price": {machine{Type: catalog.Type{InstanceType: "m3-ultramem-32", VCPU: 32, MemoryBytes: gib(976)}}, 0},
	} {
		price, ok := list.price(&test.machine, false)
		if ok != (test.want > 0) || ok && math.Abs(price-test.want) > 1e-9 {
			t.Errorf("%s: %v, %v, want %v", name, price, ok, test.want)
		}
	}
}

func TestMachineType(t *testing.T) {
	valid := func() *compute.MachineType {
		return &compute.MachineType{Name: "n2-standard-2", GuestCpus: 2, MemoryMb: 8192, Architecture: "X86_64"}
	}
	if _, ok := machineType(valid()); !ok {
		t.Fatal("n2-standard-2 is left out")
	}
	for name, change := range map[string]func(*compute.MachineType){
		"shared core":          func(m *compute.MachineType) { m.IsSharedCpu = true },
		"withdrawn":            func(m *compute.MachineType) { m.Deprecated = &compute.DeprecationStatus{State: "OBSOLETE"} },
		"another architecture": func(m *compute.MachineType) { m.Architecture = "ARCHITECTURE_UNSPECIFIED" },
		"a TPU": func(m *compute.MachineType) {
			m.Accelerators = []*compute.MachineTypeAccelerators{{GuestAcceleratorType: "ct6e", GuestAcceleratorCount: 8}}
		},
	} {
		m := valid()
		change(m)
		if _, ok := machineType(m); ok {
			t.Errorf("%s is taken", name)
		}
	}
}
