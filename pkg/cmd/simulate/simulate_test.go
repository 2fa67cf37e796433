// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// run runs the command.
func run(t *testing.T, args ...string) (out, progress string, err error) {
	t.Helper()
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	cmd := New(genericclioptions.NewTestConfigFlags(), streams)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func files(args ...string) []string {
	return append([]string{"--catalog=testdata/catalog.json", "--workload=testdata/workload.json"}, args...)
}

func TestJSON(t *testing.T) {
	out, progress, err := run(t, files("-o", "json", "--edge-overhead=0.02")...)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(progress, "4 pods, 2 offerings") {
		t.Errorf("progress = %q", progress)
	}
	// The contract: these keys first, in this order.
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var r result
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, key := range []string{"hourlyBill", "lowerBound", "unplaced", "placement", "seconds", "cpuSeconds"} {
		next := strings.Index(out, `  "`+key+`":`)
		if next <= at {
			t.Errorf("key %q is not where it belongs in %s", key, out)
		}
		at = next
	}
	// Both bills count the overhead.
	if !near(r.HourlyBill, 2*0.05+0.14) || r.LowerBound > r.HourlyBill+1e-9 || r.Seconds < 0 || r.CPUSeconds < 0 {
		t.Errorf("bill %v, bound %v, %v s, %v CPU s", r.HourlyBill, r.LowerBound, r.Seconds, r.CPUSeconds)
	}
	if !reflect.DeepEqual(r.Unplaced, []string{"nowhere-0"}) || r.Reasons["nowhere-0"] == "" {
		t.Errorf("unplaced %v because %v", r.Unplaced, r.Reasons)
	}
	placed := map[string]machine{}
	for _, m := range r.Placement {
		for _, pod := range m.Pods {
			placed[pod] = m
		}
	}
	for pod, want := range map[string]machine{
		"anywhere-0":  {Type: "e2-standard-2", Location: "gcp-iowa", Zone: "us-central1-a", CapacityType: "spot", Price: 0.03, Pods: []string{"anywhere-0"}},
		"anywhere-1":  {Type: "e2-standard-2", Location: "gcp-iowa", Zone: "us-central1-a", CapacityType: "spot", Price: 0.03, Pods: []string{"anywhere-1"}},
		"main-only-0": {Type: "m5.large", Location: "main", Zone: "eu-central-1a", CapacityType: "on-demand", Price: 0.12, Pods: []string{"main-only-0"}},
	} {
		if !reflect.DeepEqual(placed[pod], want) {
			t.Errorf("%s is on %+v, want %+v", pod, placed[pod], want)
		}
	}
	if len(r.Locations) != 2 || r.Locations[0].Name != "main" || !near(r.Locations[1].HourlyBill, 0.1) || r.Locations[1].Machines != 2 {
		t.Errorf("locations %+v", r.Locations)
	}
	if w := r.WithoutEdges; w == nil || !near(w.HourlyBill, 3*0.14) || w.Machines != 3 || w.SavedPercent == nil || !near(*w.SavedPercent, 100*(1-0.24/0.42)) {
		t.Errorf("without edges %+v", w)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestLocations(t *testing.T) {
	for selected, want := range map[string]struct {
		machines, unplaced int
		compared           bool
	}{
		"main":          {3, 1, false},
		"gcp-iowa":      {2, 2, false},
		"gcp-iowa,main": {3, 1, true},
	} {
		out, _, err := run(t, files("-o=json", "--locations="+selected)...)
		if err != nil {
			t.Fatal(err)
		}
		var r result
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if len(r.Placement) != want.machines || len(r.Unplaced) != want.unplaced || (r.WithoutEdges != nil) != want.compared {
			t.Errorf("%s: %d machines, unplaced %v, without edges %v; want %+v", selected, len(r.Placement), r.Unplaced, r.WithoutEdges, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const oneType = `{"types": [{"instanceType": "a", "location": "main", "allocatable": {"cpuMilli": 1, "memoryMi": 1, "pods": 1},` + "\n" + `"offerings": [{"price": %}]}]}`
	typed := func(price string) string { return strings.Replace(oneType, "%", price, 1) }
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"output":           {files("-o=yaml"), []string{"--output", "table or json"}},
		"overhead":         {files("--edge-overhead=-1"), []string{"--edge-overhead", "0 or more"}},
		"no number":        {files("--edge-overhead=NaN"), []string{"--edge-overhead", "0 or more"}},
		"only a catalog":   {[]string{"--catalog=c"}, []string{"--catalog needs --workload"}},
		"only a workload":  {[]string{"--workload=w"}, []string{"--workload needs --catalog"}},
		"an argument":      {files("pods"), []string{"pods"}},
		"no such location": {files("--locations=mars"), []string{"--locations", `"mars"`, "main, gcp-iowa"}},
		"no such file":     {files("--catalog=" + filepath.Join(dir, "none")), []string{"--catalog", "none", "no such file"}},
		"no JSON":          {files("--catalog=" + file("yaml", "types:\n- a")), []string{"--catalog", "yaml:1:2", "invalid character"}},
		"cut off":          {files("--workload=" + file("cut", "{\n\"groups\": [")), []string{"--workload", "cut:2:", "EOF"}},
		"a price in words": {files("--catalog=" + file("words", typed(`"cheap"`))), []string{"--catalog", "words:2:", "offerings.price"}},
		"a price of 0":     {files("--catalog=" + file("free", typed("0"))), []string{"--catalog", "free", "types[0].offerings[0].price"}},
		"a bad quantity": {files("--workload=" + file("quantity", `{"groups": [{"name": "g", "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "two"}}}]}}]}`)),
			[]string{"--workload", "quantity"}},
		"a group without containers": {files("--workload=" + file("empty", `{"groups": [{"name": "g"}]}`)), []string{"--workload", "groups[0].spec.containers"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := run(t, test.args...)
			if err == nil || out != "" {
				t.Fatalf("err = %v with output %q", err, out)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestTable(t *testing.T) {
	r := &result{
		HourlyBill: 0.38, LowerBound: 0.36, WithinPercent: 5.5, EdgeOverhead: 0.02, Pods: 6, OnNodes: 1, Seconds: 0.25, CPUSeconds: 0.2,
		Unplaced: []string{"nowhere-0"}, Reasons: map[string]string{"nowhere-0": "no allowed machine has enough cpu"},
		Placement: []machine{
			{"m5.large", "main", "eu-central-1a", "on-demand", 0.12, []string{"b-0"}},
			{"e2-standard-2", "gcp-iowa", "us-central1-a", "spot", 0.1, []string{"a-0", "a-1"}},
			{"e2-standard-2", "gcp-iowa", "us-central1-a", "spot", 0.1, []string{"a-2"}},
		},
		Locations:    []location{{"gcp-iowa", 2, 3, 0.24}, {"main", 1, 1, 0.14}},
		WithoutEdges: &withoutEdges{HourlyBill: 0.76, Machines: 4, Unplaced: 1, SavedPercent: new(50.0)},
	}
	var out bytes.Buffer
	if err := printTable(&out, r); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/table.golden")
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
