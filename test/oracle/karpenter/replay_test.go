// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/test/oracle"
)

// verdict is how our decision compares with Karpenter's. Whatever it is, except
// refused, the oracle has accepted ours.
type verdict string

const (
	// same pods are scheduled, for no more money.
	same verdict = "same pods, bill not above Karpenter's"
	// dearer: the same pods, for more.
	dearer verdict = "same pods, higher bill"
	// more pods are scheduled, those of Karpenter's among them.
	more verdict = "more pods"
	// fewer: some that Karpenter schedules are not.
	fewer verdict = "fewer pods"
	// beyond decisions of Karpenter launch what is not for sale here.
	beyond verdict = "Karpenter launches what is not for sale"
	// refused decisions are those that the oracle has findings about.
	refused verdict = "refused by the oracle"
)

// judge solves the problem of a case and compares.
func judge(t *testing.T, c *Case, catalogs map[string][]InstanceType) (v verdict, detail string) {
	t.Helper()
	problem := c.Problem(catalogs)
	decision := scheduling.Solve(problem)
	report, err := oracle.Check(t.Context(), &problem, &decision)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) > 0 {
		return refused, fmt.Sprint(report.Findings)
	}
	bill, ok := c.Bill(problem.Candidates)
	if !ok {
		return beyond, ""
	}
	ours, theirs := map[string]int{}, map[string]int{}
	for _, u := range decision.Unschedulable {
		ours[kind(t, u.Pod)]++
	}
	for _, pod := range problem.Pods {
		if _, ok := c.Expect.Unscheduled[pod.Namespace+"/"+pod.Name]; ok {
			theirs[kind(t, pod)]++
		}
	}
	detail = fmt.Sprintf("unschedulable here %d, there %d; bill %v, there %v", len(decision.Unschedulable), len(c.Expect.Unscheduled), decision.Cost, bill)
	for _, u := range decision.Unschedulable {
		if k := kind(t, u.Pod); ours[k] > theirs[k] {
			return fewer, fmt.Sprintf("%s; %s: %s", detail, u.Pod.Name, u.Reason)
		}
	}
	switch {
	case !maps.Equal(ours, theirs):
		return more, detail
	case decision.Cost > bill+1e-9:
		return dearer, detail
	}
	return same, detail
}

// kind tells pods apart by what schedulers look at: of pods that are alike it does
// not matter which is scheduled.
func kind(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	pod = pod.DeepCopy()
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].Name = ""
	}
	text, err := json.Marshal([]any{pod.Namespace, pod.Labels, pod.Spec})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReplay: of the recorded cases, our decisions schedule the same pods for no
// more money, and kube-scheduler accepts them. Those that differ are listed with
// the reason, and one that differs no more must leave the list.
func TestReplay(t *testing.T) {
	cases, catalogs, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[verdict]int{}
	for i := range cases {
		t.Run(fmt.Sprintf("%03d %s", i, cases[i].Test), func(t *testing.T) {
			got, detail := judge(t, &cases[i], catalogs)
			counts[got]++
			want, why := expected(i)
			if got != want {
				t.Errorf("%s (%s); expected: %s %s", got, detail, want, why)
			}
		})
	}
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%4d %s", counts[v], v)
	}
}

// expected returns the verdict on case i, and the reason when it is an exception.
func expected(i int) (v verdict, why string) {
	for _, e := range exceptions {
		if slices.Contains(e.cases, i) {
			return e.verdict, "(" + e.reason + ")"
		}
	}
	return same, ""
}

// TestExceptions: no case is listed twice, and every reason is given.
func TestExceptions(t *testing.T) {
	seen := map[int]bool{}
	for _, e := range exceptions {
		if strings.TrimSpace(e.reason) == "" || e.verdict == same || len(e.cases) == 0 {
			t.Errorf("%+v is no exception", e)
		}
		for _, i := range e.cases {
			if seen[i] {
				t.Errorf("case %d is listed twice", i)
			}
			seen[i] = true
		}
	}
}
