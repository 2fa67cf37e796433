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

// instancesOf lists the machines of a template by the snapshot alone.
func instancesOf(t *testing.T, template *omni.NodeTemplate, options *omni.InstanceOptions, locations ...omni.EdgeLocation) []omni.Instance {
	t.Helper()
	offerings, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r := &InstancesREST{
		templates: oneTemplate{template}, catalog: offerings, clock: testingclock.NewFakePassiveClock(time.Unix(1_800_000_000, 0)),
		locations: someLocations{list: &omni.EdgeLocationList{Items: locations}},
	}
	list, err := r.Get(t.Context(), template.Name, options)
	if err != nil {
		t.Fatal(err)
	}
	return list.(*omni.InstanceList).Items
}

// TestOffline: without omni-controller there are machines of all three clouds, all of
// them marked as the snapshot's, and only in the zones of the location.
func TestOffline(t *testing.T) {
	template := valid()
	template.Spec.Constraints.CapacityTypes = []omni.CapacityType{omni.CapacitySpot, omni.CapacityOnDemand}
	zones := map[string]string{"AWS": "us-west-2a", "GCP": "us-central1-a", "OCI": "US-ASHBURN-AD-1"}
	for provider, location := range map[string]omni.EdgeLocation{
		"AWS": {ObjectMeta: metav1.ObjectMeta{Name: "aws"}, Spec: omni.EdgeLocationSpec{Provider: "AWS", Region: "us-west-2",
			AWS: &omni.AWSLocation{AccountID: "123456789012", SubnetIDs: map[string]string{"us-west-2a": "subnet-1"}}}},
		"GCP": {ObjectMeta: metav1.ObjectMeta{Name: "gcp"}, Spec: omni.EdgeLocationSpec{Provider: "GCP", Region: "us-central1",
			GCP: &omni.GCPLocation{ProjectID: "p", Network: "n", Subnetwork: "s", Zones: []string{"us-central1-a"}}}},
		"OCI": {ObjectMeta: metav1.ObjectMeta{Name: "oci"}, Spec: omni.EdgeLocationSpec{Provider: "OCI", Region: "us-ashburn-1",
			OCI: &omni.OCILocation{TenancyID: "t", SubnetIDs: map[string]string{"US-ASHBURN-AD-1": "ocid1.subnet.oc1..a"}}}},
	} {
		items := instancesOf(t, template, &omni.InstanceOptions{}, location)
		if len(items) < 50 {
			t.Errorf("%s: %d machines", provider, len(items))
		}
		gpus := 0
		for i := range items {
			item := &items[i]
			if source := item.PriceSource; source != "snapshot 2026-07-20" && source != "snapshot 2026-07-20 (estimate)" {
				t.Errorf("%s: %s is from %q", provider, item.Name, source)
			}
			if item.Zone != zones[provider] {
				t.Errorf("%s: %s is in the zone %q", provider, item.Name, item.Zone)
			}
			if item.GPUs > 0 != !item.GPUMemory.IsZero() {
				t.Errorf("%s: %s has %d GPUs with %s", provider, item.Name, item.GPUs, item.GPUMemory.String())
			}
			gpus += int(item.GPUs)
		}
		if gpus == 0 {
			t.Errorf("%s: no GPUs", provider)
		}
	}
}

func TestMinGPUMemory(t *testing.T) {
	location := omni.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Name: "gcp"}, Spec: omni.EdgeLocationSpec{Provider: "GCP", Region: "us-central1"}}
	for memory, want := range map[string]bool{"24Gi": true, "40Gi": true, "41Gi": false} {
		items := instancesOf(t, valid(), &omni.InstanceOptions{MinGPUMemory: memory, SortBy: "-price", Limit: 1}, location)
		if (len(items) == 1) != want || want && items[0].GPUMemory.String() != "40Gi" {
			t.Errorf("%s: %+v", memory, items)
		}
	}
}

// TestMainCluster: what the main cluster could buy stands beside what edges cost.
func TestMainCluster(t *testing.T) {
	template := valid()
	template.Spec.Constraints.InstanceFamilies = []string{"m5", "e2"}
	template.Spec.Constraints.MaxCPU = 2
	edge := omni.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Name: "gcp"}, Spec: omni.EdgeLocationSpec{Provider: "GCP", Region: "us-central1", Zones: []string{"us-central1-a"}}}
	for name, test := range map[string]struct {
		main    omni.TemplateMainCluster
		options omni.InstanceOptions
		want    []string
	}{
		"disabled": {omni.TemplateMainCluster{Provider: "AWS", Region: "us-east-1"}, omni.InstanceOptions{MinMemory: "8Gi", MaxMemory: "8Gi"}, []string{
			"e2-standard-2.gcp.us-central1-a.on-demand",
		}},
		"enabled": {omni.TemplateMainCluster{Enabled: true, Provider: "AWS", Region: "us-east-1"}, omni.InstanceOptions{MinMemory: "8Gi", MaxMemory: "8Gi"}, []string{
			"e2-standard-2.gcp.us-central1-a.on-demand", "m5.large.main.on-demand",
		}},
		"in zones": {omni.TemplateMainCluster{Enabled: true, Provider: "AWS", Region: "us-east-1", Zones: []string{"us-east-1a", "us-east-1b"}}, omni.InstanceOptions{EdgeLocation: "main"}, []string{
			"m5.large.main.us-east-1a.on-demand", "m5.large.main.us-east-1b.on-demand",
		}},
		"an edge only": {omni.TemplateMainCluster{Enabled: true, Provider: "AWS", Region: "us-east-1"}, omni.InstanceOptions{EdgeLocation: "gcp", MinMemory: "8Gi", MaxMemory: "8Gi"}, []string{
			"e2-standard-2.gcp.us-central1-a.on-demand",
		}},
	} {
		template.Spec.MainCluster = test.main
		var got []string
		for _, item := range instancesOf(t, template, &test.options, edge) {
			got = append(got, item.Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
