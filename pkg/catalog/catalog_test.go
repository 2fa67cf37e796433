// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func snapshotOf(t *testing.T) *Catalog {
	t.Helper()
	c, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSnapshot(t *testing.T) {
	c := snapshotOf(t)
	for region, want := range map[Region]int{
		{Provider: "AWS", Name: "us-east-1"}:                          400,
		{Provider: "AWS", Name: "us-west-2"}:                          396,
		{Provider: "AWS", Name: "us-west-2", Account: "123456789012"}: 396,
		{Provider: "AWS", Name: "eu-central-1"}:                       396,
		{Provider: "GCP", Name: "us-central1"}:                        230,
		{Provider: "GCP", Name: "europe-west4"}:                       230,
		{Provider: "OCI", Name: "us-ashburn-1"}:                       98,
		{Provider: "AWS", Name: "nowhere-1"}:                          0,
		{Provider: "GCP", Name: "us-east-1"}:                          0,
	} {
		offerings := c.Offerings(region)
		if len(offerings) != want {
			t.Errorf("%v has %d offerings, want %d", region, len(offerings), want)
		}
		if !slices.IsSortedFunc(offerings, Cheaper) {
			t.Errorf("%v is not sorted by price", region)
		}
		for i := range offerings {
			o := &offerings[i]
			if o.GPUs > 0 != (o.GPUName != "") || o.GPUs > 0 != (o.GPUMemoryBytes > 0) || o.Allocatable.Cpu().IsZero() {
				t.Errorf("%+v is not whole", o)
			}
			list := c.Find(region, o.InstanceType, "any", onDemand)
			if o.CapacityType == spot && (list == nil || list.HourlyPrice < o.HourlyPrice) {
				t.Errorf("%s in %v: spot at %v is above on-demand", o.InstanceType, region, o.HourlyPrice)
			}
		}
	}
}

// TestSnapshotFacts holds a type of each cloud, and each kind of figure, against
// the sources that SOURCES.md names.
func TestSnapshotFacts(t *testing.T) {
	c := snapshotOf(t)
	for _, test := range []struct {
		region       Region
		capacityType string
		want         Type
		price        float64
		source       string
	}{
		{Region{Provider: "AWS", Name: "us-west-2"}, onDemand, Type{"m5.large", "m5", "amd64", 2, 8 << 30, 0, "", 0}, 0.096, "snapshot 2026-07-20"},
		{Region{Provider: "AWS", Name: "us-west-2"}, spot, Type{"m5.large", "m5", "amd64", 2, 8 << 30, 0, "", 0}, 0.048, "snapshot 2026-07-20 (estimate)"},
		{Region{Provider: "AWS", Name: "eu-central-1"}, onDemand, Type{"m5.large", "m5", "amd64", 2, 8 << 30, 0, "", 0}, 0.1104, "snapshot 2026-07-20 (estimate)"},
		{Region{Provider: "AWS", Name: "us-east-1"}, onDemand, Type{"g4dn.xlarge", "g4dn", "amd64", 4, 16 << 30, 1, "T4", 16 << 30}, 0.526, "snapshot 2026-07-20"},
		{Region{Provider: "GCP", Name: "us-central1"}, onDemand, Type{"g2-standard-24", "g2", "amd64", 24, 96 << 30, 2, "L4", 24 << 30}, 2.11, "snapshot 2026-07-20"},
		{Region{Provider: "OCI", Name: "us-ashburn-1"}, onDemand, Type{"VM.Standard.E5.Flex-32-256", "VM.Standard.E5.Flex", "amd64", 32, 256 << 30, 0, "", 0}, 0.992, "snapshot 2026-07-20"},
		{Region{Provider: "OCI", Name: "us-ashburn-1"}, spot, Type{"VM.Standard.E5.Flex-32-256", "VM.Standard.E5.Flex", "amd64", 32, 256 << 30, 0, "", 0}, 0.496, "snapshot 2026-07-20"},
		{Region{Provider: "OCI", Name: "us-ashburn-1"}, onDemand, Type{"VM.GPU.A10.2", "VM.GPU.A10", "amd64", 60, 480 << 30, 2, "A10", 24 << 30}, 4, "snapshot 2026-07-20"},
	} {
		o := c.Find(test.region, test.want.InstanceType, "", test.capacityType)
		if o == nil {
			t.Errorf("%s of %v is missing", test.want.InstanceType, test.region)
			continue
		}
		if o.Type != test.want || o.HourlyPrice-test.price > 0.01 || test.price-o.HourlyPrice > 0.01 || o.PriceSource.String() != test.source {
			t.Errorf("%+v from %s, want %+v at %v from %s", o, o.PriceSource, test.want, test.price, test.source)
		}
	}
	if o := c.Find(Region{Provider: "OCI", Name: "us-ashburn-1"}, "VM.GPU.A10.2", "", spot); o != nil {
		t.Errorf("A10 shapes are not preemptible, but there is %+v", o)
	}
}

func TestParseRejects(t *testing.T) {
	header := strings.Join(SnapshotColumns, ",") + "\n"
	row := func(column, value string) string {
		fields := []string{"us-west-2", "m5.large", "amd64", "2", "8192", "0", "", "0", "0.096", "snapshot", "0.048", "estimate"}
		fields[slices.Index(SnapshotColumns, column)] = value
		return header + strings.Join(fields, ",") + "\n"
	}
	if _, err := parseSnapshot("AWS", []byte(row("region", "us-west-2"))); err != nil {
		t.Fatal(err)
	}
	for want, data := range map[string]string{
		"no header line":          "",
		"the header is":           strings.Replace(header, "vcpu", "cpu", 1),
		"wrong number of fields":  header + "us-west-2,m5.large\n",
		"vcpu: \"two\"":           row("vcpu", "two"),
		"no machine":              row("memoryMiB", "0"),
		"gpus: \"-1\"":            row("gpus", "-1"),
		"onDemand: \"0\"":         row("onDemand", "0"),
		"onDemand: \"NaN\"":       row("onDemand", "NaN"),
		"above the on-demand":     row("spot", "0.097"),
		"onDemandBasis: \"live\"": row("onDemandBasis", "live"),
		"spotBasis: \"\"":         row("spotBasis", ""),
	} {
		if _, err := parseSnapshot("AWS", []byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

func TestSelect(t *testing.T) {
	offering := func(instanceType, zone, capacity string, vcpu int64) Offering {
		return Offering{
			Type: Type{InstanceType: instanceType, Family: instanceType[:2], Architecture: "amd64", VCPU: vcpu, MemoryBytes: vcpu << 32},
			Zone: zone, CapacityType: capacity,
		}
	}
	all := []Offering{
		offering("m5.large", "", "on-demand", 2),
		offering("c5.xlarge", "", "on-demand", 4),
		offering("m5.xlarge", "z1", "spot", 4),
		offering("c5.large", "z9", "spot", 2),
		offering("m6g.large", "", "on-demand", 2),
	}
	all[4].Architecture = "arm64"
	sixteen := resource.MustParse("16Gi")
	for name, tc := range map[string]struct {
		constraints v1beta1.NodeConstraints
		want        []string
	}{
		"default is on-demand in every zone": {want: []string{"m5.large/z1", "m5.large/z2", "c5.xlarge/z1", "c5.xlarge/z2"}},
		"spot only in its own zone": {
			constraints: v1beta1.NodeConstraints{CapacityTypes: []v1beta1.CapacityType{v1beta1.CapacitySpot}},
			want:        []string{"m5.xlarge/z1"},
		},
		"spot, and on-demand when there is none": {
			constraints: v1beta1.NodeConstraints{CapacityTypes: []v1beta1.CapacityType{v1beta1.CapacitySpot, v1beta1.CapacityOnDemand}, MinCPU: 4},
			want:        []string{"c5.xlarge/z1", "c5.xlarge/z2", "m5.xlarge/z1"},
		},
		"min cpu":    {constraints: v1beta1.NodeConstraints{MinCPU: 3}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"max cpu":    {constraints: v1beta1.NodeConstraints{MaxCPU: 3}, want: []string{"m5.large/z1", "m5.large/z2"}},
		"min memory": {constraints: v1beta1.NodeConstraints{MinMemory: &sixteen}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"arm64 when asked for": {
			constraints: v1beta1.NodeConstraints{Architectures: []v1beta1.Architecture{v1beta1.ArchitectureARM64}},
			want:        []string{"m6g.large/z1", "m6g.large/z2"},
		},
		"both architectures": {
			constraints: v1beta1.NodeConstraints{Architectures: []v1beta1.Architecture{v1beta1.ArchitectureAMD64, v1beta1.ArchitectureARM64}, MaxCPU: 2},
			want:        []string{"m5.large/z1", "m5.large/z2", "m6g.large/z1", "m6g.large/z2"},
		},
		"family":  {constraints: v1beta1.NodeConstraints{InstanceFamilies: []string{"c5"}}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"exclude": {constraints: v1beta1.NodeConstraints{ExcludeInstanceFamilies: []string{"c5"}}, want: []string{"m5.large/z1", "m5.large/z2"}},
	} {
		var got []string
		for _, o := range Select(all, &v1beta1.NodeTemplateSpec{Constraints: tc.constraints}, []string{"z1", "z2"}) {
			got = append(got, o.InstanceType+"/"+o.Zone)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

func TestFamily(t *testing.T) {
	for _, test := range [][3]string{
		{"AWS", "m7i.large", "m7i"}, {"AWS", "u-6tb1.metal", "u-6tb1"},
		{"GCP", "c2d-standard-16", "c2d"}, {"GCP", "a2-highgpu-1g", "a2"},
		{"OCI", "VM.Standard.E5.Flex-4-32", "VM.Standard.E5.Flex"}, {"OCI", "VM.GPU.A10.2", "VM.GPU.A10"}, {"OCI", "BM.GPU.H100.8", "BM.GPU.H100"},
	} {
		if got := Family(test[0], test[1]); got != test[2] {
			t.Errorf("%s %s: %s, want %s", test[0], test[1], got, test[2])
		}
	}
}

func TestSelectGPU(t *testing.T) {
	all := snapshotOf(t).Offerings(Region{Provider: "AWS", Name: "us-east-1"})
	twentyFour := resource.MustParse("24Gi")
	for name, tc := range map[string]struct {
		gpu    v1beta1.GPUConstraints
		passes func(*Offering) bool
	}{
		"any":    {v1beta1.GPUConstraints{}, func(o *Offering) bool { return o.GPUs > 0 }},
		"counts": {v1beta1.GPUConstraints{MinCount: 2, MaxCount: 4}, func(o *Offering) bool { return o.GPUs >= 2 && o.GPUs <= 4 }},
		"names":  {v1beta1.GPUConstraints{Names: []string{"t4", "A10G"}}, func(o *Offering) bool { return o.GPUName == "T4" || o.GPUName == "A10G" }},
		"memory": {v1beta1.GPUConstraints{MinMemory: &twentyFour}, func(o *Offering) bool { return o.GPUMemoryBytes >= 24<<30 }},
	} {
		template := &v1beta1.NodeTemplateSpec{Constraints: v1beta1.NodeConstraints{GPU: &tc.gpu}}
		want := 0
		for i := range all {
			if all[i].CapacityType == onDemand && all[i].Architecture == "amd64" && tc.passes(&all[i]) {
				want++
			}
		}
		got := Select(all, template, []string{"us-east-1a"})
		if len(got) != want || want == 0 {
			t.Errorf("%s: %d offerings, want %d", name, len(got), want)
		}
		for i := range got {
			if !tc.passes(&got[i]) {
				t.Errorf("%s: %s has %d GPUs %s", name, got[i].InstanceType, got[i].GPUs, got[i].GPUName)
			}
		}
	}
}

func TestSelectBurstable(t *testing.T) {
	c := snapshotOf(t)
	for region, burstable := range map[Region]string{
		{Provider: "AWS", Name: "us-east-1"}:    "t3.medium",
		{Provider: "OCI", Name: "us-ashburn-1"}: "",
	} {
		count := func(policy v1beta1.BurstablePolicy) (all int, found bool) {
			template := &v1beta1.NodeTemplateSpec{Constraints: v1beta1.NodeConstraints{Burstable: policy}}
			selected := Select(c.Offerings(region), template, []string{"z"})
			return len(selected), slices.ContainsFunc(selected, func(o Offering) bool { return o.InstanceType == burstable })
		}
		all, found := count("")
		rest, left := count(v1beta1.BurstableExcluded)
		if allowed, _ := count(v1beta1.BurstableAllowed); allowed != all {
			t.Errorf("%v: %d offerings when allowed, %d by default", region, allowed, all)
		}
		if found != (burstable != "") || left || (rest < all) != found {
			t.Errorf("%v: %d of %d offerings are left; %s found %v, left %v", region, rest, all, burstable, found, left)
		}
	}
	if shared := (&Offering{Provider: "GCP", Type: Type{InstanceType: "e2-medium"}}); !shared.Burstable() {
		t.Error("e2-medium shares its core")
	}
}
