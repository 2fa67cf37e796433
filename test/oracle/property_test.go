// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/castai/omni/pkg/scheduling"
)

// save keeps what shrinking ends with, to be moved to testdata/regressions.
var save = flag.String("save", "", "write the problem that fails to this file")

func TestMain(m *testing.M) {
	flag.Parse()
	// The same problems in every run, unless a seed is given: `make fuzz-oracle`
	// looks for new ones. What fails is printed whole, and kept by hand.
	defaults := map[string]string{"rapid.seed": "1", "rapid.checks": "1000", "rapid.nofailfile": "true"}
	flag.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	for name, value := range defaults {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestProperties: kube-scheduler agrees with every decision on every problem.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		problem := generateProblem(t)
		verify(t, problem)
	})
}

// TestBill: where first fit schedules the same pods, our lower bound is not above its
// bill, and over all problems ours is the lower one, by a hundredth. Where templates have
// priorities ours may be the higher one: first fit does not know them.
func TestBill(t *testing.T) {
	ours, theirs := 0.0, 0.0
	rapid.Check(t, func(t *rapid.T) {
		problem := generateProblem(t)
		decision := scheduling.Solve(*problem)
		first, err := FirstFit(context.Background(), problem)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(left(&decision), left(first)) {
			return
		}
		if len(priorities(problem)) == 1 {
			ours, theirs = ours+decision.Cost, theirs+first.Cost
		}
		if decision.LowerBound > first.Cost+tolerance {
			keep(t, problem)
			t.Fatalf("the lower bound is %v, first fit costs %v:\n%s\n\nthe decision:\n%s\n\nthe problem:\n%s",
				decision.LowerBound, first.Cost, summary(first), summary(&decision), write(t, problem))
		}
	})
	t.Logf("the bills add up to %.2f, first fit's to %.2f", ours, theirs)
	if ours > 0.99*theirs {
		t.Errorf("the bills add up to %v, first fit's to %v", ours, theirs)
	}
}

// priorities are those of the templates.
func priorities(problem *scheduling.Problem) map[int32]bool {
	set := map[int32]bool{}
	for i := range problem.Candidates {
		set[problem.Candidates[i].Priority] = true
	}
	return set
}

// left are the pods that are not scheduled.
func left(d *scheduling.Decision) map[*corev1.Pod]bool {
	pods := map[*corev1.Pod]bool{}
	for _, u := range d.Unschedulable {
		pods[u.Pod] = true
	}
	return pods
}

// TestFirstFit: the oracle agrees with decisions that its own plugins have taken.
// There is no topology spread in them, for that depends on machines that first fit
// buys later.
func TestFirstFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		problem := generateProblem(t)
		for _, pod := range problem.Pods {
			pod.Spec.TopologySpreadConstraints = nil
		}
		decision, err := FirstFit(context.Background(), problem)
		if err != nil {
			t.Fatal(err)
		}
		accept(t, problem, decision)
	})
}

// verify solves the problem and holds the decision against kube-scheduler.
func verify(t rapid.TB, problem *scheduling.Problem) {
	t.Helper()
	before := write(t, problem)
	decision := scheduling.Solve(*problem)
	if after := write(t, problem); string(after) != string(before) {
		t.Errorf("the solver has changed the problem\n%s\nto\n%s", before, after)
	}
	accept(t, problem, &decision)
}

// accept fails when the oracle has findings about the decision.
func accept(t rapid.TB, problem *scheduling.Problem, decision *scheduling.Decision) {
	t.Helper()
	report, err := Check(context.Background(), problem, decision)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) == 0 {
		return
	}
	keep(t, problem)
	t.Fatalf("%s\n\nthe decision:\n%s\n\nthe problem:\n%s", findings(report), summary(decision), write(t, problem))
}

// keep saves a problem that fails, if asked to.
func keep(t rapid.TB, problem *scheduling.Problem) {
	t.Helper()
	if *save == "" {
		return
	}
	if err := os.WriteFile(*save, write(t, problem), 0o644); err != nil {
		t.Fatal(err)
	}
}

// summary says what goes where.
func summary(d *scheduling.Decision) string {
	placed := map[string][]string{}
	for _, s := range steps(d) {
		placed[s.node] = append(placed[s.node], key(s.pod))
	}
	var bought, order []string
	for i := range d.Purchases {
		bought = append(bought, describe(&d.Purchases[i].Candidate))
	}
	for _, pod := range d.Order {
		order = append(order, key(pod))
	}
	unschedulable := map[string]string{}
	for _, u := range d.Unschedulable {
		unschedulable[key(u.Pod)] = u.Reason
	}
	text, err := json.MarshalIndent(map[string]any{"placed": placed, "bought": bought, "order": order, "unschedulable": unschedulable, "cost": d.Cost, "lowerBound": d.LowerBound}, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestRegressions: what once failed, shrunk.
func TestRegressions(t *testing.T) {
	*save = "" // they are files already
	files, err := filepath.Glob("testdata/regressions/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			verify(t, read(t, data))
		})
	}
}
