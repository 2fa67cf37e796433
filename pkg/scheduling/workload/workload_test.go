// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/edgenode"
)

const machines = `{"name": "c", "types": [
 {"name": "m5.large@main", "instanceType": "m5.large", "provider": "aws", "region": "eu-central-1", "location": "main", "edge": false, "arch": "amd64",
  "vcpu": 2, "memMi": 8192, "allocatable": {"cpuMilli": 1930, "memoryMi": 7000, "pods": 29}, "offerings": [{"zone": "a", "capacityType": "spot", "price": 0.05}, {"zone": "b", "capacityType": "on-demand", "price": 0.1}]},
 {"name": "g2-standard-4@iowa", "instanceType": "g2-standard-4", "provider": "gcp", "region": "us-central1", "location": "iowa", "edge": true, "arch": "amd64", "gpuName": "L4",
  "vcpu": 4, "memMi": 16384, "allocatable": {"cpuMilli": 3920, "memoryMi": 13000, "pods": 110, "gpus": 1}, "offerings": [{"zone": "us-central1-a", "capacityType": "on-demand", "price": 0.7}]}]}`

func TestCandidates(t *testing.T) {
	catalog, err := ReadCatalog(strings.NewReader(machines))
	if err != nil {
		t.Fatal(err)
	}
	if got := catalog.Locations(); !slices.Equal(got, []string{"main", "iowa"}) {
		t.Errorf("locations = %v", got)
	}
	all := catalog.Candidates(func(string) bool { return true }, 0.02)
	if len(all) != 3 {
		t.Fatalf("%d candidates, want 3", len(all))
	}
	spot, gpu := &all[0], &all[2]
	if !spot.Main() || len(spot.Taints) != 0 || spot.Cost.Total() != 0.07 || spot.Labels[corev1.LabelTopologyZone] != "a" || spot.Labels[labelCapacityType] != "spot" {
		t.Errorf("spot = %+v", spot)
	}
	gpus := gpu.Offering.Allocatable[gpuResource]
	if gpu.Location != "iowa" || !slices.Equal(gpu.Taints, []corev1.Taint{edgenode.EdgeTaint()}) || gpus.Value() != 1 || gpu.Offering.Allocatable.Memory().Value() != 13000<<20 {
		t.Errorf("gpu = %+v", gpu)
	}
	if edges := catalog.Candidates(func(location string) bool { return location != MainLocation }, 0); len(edges) != 1 {
		t.Errorf("%d candidates outside main, want 1", len(edges))
	}
}

func TestPods(t *testing.T) {
	w, err := Read(strings.NewReader(`{"name": "w", "groups": [{"name": "g", "count": 2, "labels": {"app": "a"}, "spec": {"containers": [{"name": "c"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	pods := w.Pods()
	if len(pods) != 2 || pods[1].Name != "g-1" || pods[1].Namespace != "default" || pods[1].Labels["app"] != "a" {
		t.Errorf("pods = %v", pods)
	}
}

func TestRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		read func(string) error
		file string
		want string
	}{
		"no types":        {readCatalog, `{}`, "types:"},
		"no JSON":         {readCatalog, `{`, "read the catalog"},
		"a price of zero": {readCatalog, strings.Replace(machines, "0.05", "0", 1), "types[0].offerings[0].price"},
		"main as edge":    {readCatalog, strings.Replace(machines, `"edge": false`, `"edge": true`, 1), "types[0].edge"},
		"no memory":       {readCatalog, strings.Replace(machines, `"memoryMi": 7000`, `"memoryMi": 0`, 1), "types[0].allocatable"},
		"two groups of a name": {readWorkload,
			`{"groups": [{"name": "g", "spec": {"containers": [{}]}}, {"name": "g", "spec": {"containers": [{}]}}]}`, "groups[1].name"},
		"no container":   {readWorkload, `{"groups": [{"name": "g", "count": 1}]}`, "groups[0].spec.containers"},
		"negative count": {readWorkload, `{"groups": [{"name": "g", "count": -1, "spec": {"containers": [{}]}}]}`, "groups[0].count"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.read(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
		})
	}
}

func readCatalog(s string) error { _, err := ReadCatalog(strings.NewReader(s)); return err }

func readWorkload(s string) error { _, err := Read(strings.NewReader(s)); return err }
