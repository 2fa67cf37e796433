// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func TestSnapshot(t *testing.T) {
	c, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"us-east-1", "us-west-2"} {
		offerings := c.Offerings("AWS", region)
		if len(offerings) < 150 {
			t.Errorf("%s has %d offerings, want at least 150", region, len(offerings))
		}
		if !slices.IsSortedFunc(offerings, Cheaper) {
			t.Errorf("%s is not sorted by price", region)
		}
	}
	if got := c.Offerings("AWS", "nowhere-1"); got != nil {
		t.Errorf("an unknown region has offerings: %v", got)
	}
}

// The expected figures are the public ones of m5.large: 2 vCPU, 8 GiB, 0.096 USD/h.
func TestSnapshotKnowsM5Large(t *testing.T) {
	c, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	offerings := c.Offerings("AWS", "us-west-2")
	i := slices.IndexFunc(offerings, func(o Offering) bool { return o.InstanceType == "m5.large" })
	if i < 0 {
		t.Fatal("m5.large is missing")
	}
	o := offerings[i]
	if o.VCPU != 2 || o.MemoryBytes != 8<<30 || o.HourlyPrice != 0.096 || o.Family != "m5" || o.Architecture != "amd64" {
		t.Errorf("m5.large = %+v", o)
	}
	if cpu := o.Allocatable.Cpu().MilliValue(); cpu != 1930 {
		t.Errorf("allocatable cpu = %dm, want 1930m", cpu)
	}
	if memory := o.Allocatable.Memory().Value() >> 20; memory != 6012 {
		t.Errorf("allocatable memory = %d MiB, want 6012", memory)
	}
}

func TestParseRejects(t *testing.T) {
	const header = "a,b,c,d,e,f,g,h\n"
	for name, data := range map[string]string{
		"empty":        "",
		"few columns":  header + "us-west-2,m5.large\n",
		"vcpu":         header + "us-west-2,m5.large,amd64,two,8192,0,,0.096\n",
		"free machine": header + "us-west-2,m5.large,amd64,2,8192,0,,0\n",
		"no family":    header + "us-west-2,m5,amd64,2,8192,0,,0.096\n",
	} {
		if _, err := parseAWS([]byte(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSelect(t *testing.T) {
	offering := func(instanceType, zone, capacity string, vcpu int64) Offering {
		family := instanceType[:2]
		return Offering{InstanceType: instanceType, Family: family, Zone: zone, CapacityType: capacity, VCPU: vcpu, MemoryBytes: vcpu << 32}
	}
	all := []Offering{
		offering("m5.large", "", "on-demand", 2),
		offering("c5.xlarge", "", "on-demand", 4),
		offering("m5.xlarge", "z1", "spot", 4),
		offering("c5.large", "z9", "spot", 2),
	}
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
		"min cpu":    {constraints: v1beta1.NodeConstraints{MinCPU: 3}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"max cpu":    {constraints: v1beta1.NodeConstraints{MaxCPU: 3}, want: []string{"m5.large/z1", "m5.large/z2"}},
		"min memory": {constraints: v1beta1.NodeConstraints{MinMemory: &sixteen}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"family":     {constraints: v1beta1.NodeConstraints{InstanceFamilies: []string{"c5"}}, want: []string{"c5.xlarge/z1", "c5.xlarge/z2"}},
		"exclude":    {constraints: v1beta1.NodeConstraints{ExcludeInstanceFamilies: []string{"c5"}}, want: []string{"m5.large/z1", "m5.large/z2"}},
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
