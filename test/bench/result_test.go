// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestGoalsAreJudgedByMedians(t *testing.T) {
	var r result
	for i, value := range []float64{1, 9, 2} {
		r.add("LIST, JSON", seconds, omni, value)
		r.add("LIST, JSON", seconds, crd, 4+float64(i))
		r.add("GET, 1 client, p99", milliseconds, omni, 7)
		r.add("GET, 1 client, p99", milliseconds, aggregated, 20)
		r.add("GET, 1 client, p99", milliseconds, crd, 10)
		r.add("create", perSecond, omni, 1)
	}
	r.conclude()
	want := []goal{
		{Name: "LIST, JSON: ratio to the CRD", Limit: 0.5, Value: 0.4, Met: true},
		{Name: "GET, 1 client, p99: ratio to the CRD", Limit: 0.6, Value: 0.7, Met: false},
	}
	if len(r.Goals) != len(want) {
		t.Fatalf("goals %v, want %v", r.Goals, want)
	}
	for i := range want {
		if r.Goals[i] != want[i] {
			t.Errorf("goal %v, want %v", r.Goals[i], want[i])
		}
	}
	var out strings.Builder
	r.print(&out)
	for _, line := range []string{
		"| GET, 1 client, p99 | ms | 7 | 20 | 10 | 0.7 | 2 |",
		"| create | 1/s | 1 |  |  |  |  |",
		"| GET, 1 client, p99: ratio to the CRD | 0.6 | 0.7 | missed by 16.7 % |",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
}

func TestSizes(t *testing.T) {
	good := sizes{Objects: 20, Clients: 1, Gets: 1, Watchers: 1, Updates: 1, Repetitions: 5}
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*sizes){
		"--objects":     func(s *sizes) { s.Objects = 15 },
		"--gets 0":      func(s *sizes) { s.Gets = 0 },
		"--watchers -1": func(s *sizes) { s.Watchers = -1 },
	} {
		bad := good
		spoil(&bad)
		if err := bad.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
