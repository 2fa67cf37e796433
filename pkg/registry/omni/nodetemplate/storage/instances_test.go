// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/catalog"
)

type oneTemplate struct{ template *omni.NodeTemplate }

func (o oneTemplate) Get(context.Context, string, *metav1.GetOptions) (runtime.Object, error) {
	return o.template, nil
}

type someLocations struct {
	rest.Lister
	list *omni.EdgeLocationList
}

func (s someLocations) List(context.Context, *metainternalversion.ListOptions) (runtime.Object, error) {
	return s.list, nil
}

// TestPriceSource: each row says where its price is from and how old it is, in the
// region as the location's own account sees it. Getting older changes no list.
func TestPriceSource(t *testing.T) {
	offerings, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	clock := testingclock.NewFakePassiveClock(time.Unix(1_800_000_000, 0))
	now := metav1.NewTime(clock.Now())
	offerings.Learn(catalog.Region{Provider: "AWS", Name: "us-west-2", Account: "123456789012"}, &catalog.Listing{
		Types: catalog.Part[[]catalog.Type]{Value: []catalog.Type{{InstanceType: "m5.large", Family: "m5", Architecture: "amd64", VCPU: 2, MemoryBytes: 8 << 30}}, Time: now},
		Zones: catalog.Part[map[string][]string]{Value: map[string][]string{"m5.large": {"us-west-2a"}}, Time: now},
		Spot:  catalog.Part[map[string]map[string]float64]{Value: map[string]map[string]float64{"us-west-2a": {"m5.large": 0.03}}, Time: now},
	})
	location := func(name, account string) omni.EdgeLocation {
		return omni.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: omni.EdgeLocationSpec{
			Provider: "AWS", Region: "us-west-2", AWS: &omni.AWSLocation{AccountID: account, SubnetIDs: map[string]string{"us-west-2a": "subnet-1"}},
		}}
	}
	template := valid()
	template.Spec.Constraints.CapacityTypes = []omni.CapacityType{omni.CapacitySpot, omni.CapacityOnDemand}
	template.Spec.Constraints.InstanceFamilies, template.Spec.Constraints.MaxCPU = []string{"m5"}, 2
	r := &InstancesREST{
		templates: oneTemplate{template}, catalog: offerings, clock: clock,
		locations: someLocations{list: &omni.EdgeLocationList{Items: []omni.EdgeLocation{location("ours", "123456789012"), location("theirs", "210987654321")}}},
	}
	get := func(options *omni.InstanceOptions) (*omni.InstanceList, error) {
		list, err := r.Get(t.Context(), "valid", options)
		if err != nil {
			return nil, err
		}
		return list.(*omni.InstanceList), nil
	}
	first, err := get(&omni.InstanceOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	clock.SetTime(clock.Now().Add(12 * time.Minute))
	rest, err := get(&omni.InstanceOptions{Continue: first.Continue})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, i := range append(first.Items, rest.Items...) {
		rows = append(rows, i.Name+" "+i.HourlyPrice+" "+i.PriceSource)
	}
	if want := []string{
		"m5.large.ours.us-west-2a.spot 0.03 live 0s",
		"m5.large.theirs.us-west-2a.spot 0.048 snapshot 2026-07-20 (estimate)",
		"m5.large.ours.us-west-2a.on-demand 0.096 snapshot 2026-07-20",
		"m5.large.theirs.us-west-2a.on-demand 0.096 snapshot 2026-07-20",
	}; !slices.Equal(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	offerings.Forget(func(catalog.Region) bool { return false })
	if _, err := get(&omni.InstanceOptions{Continue: first.Continue}); !apierrors.IsResourceExpired(err) {
		t.Errorf("the prices changed between two pages: %v, want 410", err)
	}
}
