// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestRun makes a whole run at small sizes: every measurement has a value of every
// repetition, and the rival is as strict as omni-apiserver. CPU time is counted in
// ticks of 10 ms, of which 200 GETs take many.
func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "result.json")
	err := run(t.Context(), []string{
		"--root", "../..", "--port-base", "31000", "--out", out,
		"--objects", "40", "--clients", "2", "--gets", "200", "--watchers", "60", "--updates", "2", "--repetitions", "2",
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, m := range r.Measurements {
		for target, values := range m.Values {
			rows[target]++
			if m.Unit != megabytes && m.Medians[target] <= 0 {
				t.Errorf("%s of %s is %v", m.Name, target, values)
			}
		}
	}
	for _, target := range []string{omni, aggregated, crd} {
		if rows[target] < 15 {
			t.Errorf("%d measurements of %s", rows[target], target)
		}
	}
	if len(r.Goals) < 7 || r.Versions["omni-apiserver"] == "" || r.LoadEnd == "" {
		t.Errorf("goals %v, versions %v, load %q", r.Goals, r.Versions, r.LoadEnd)
	}
}
