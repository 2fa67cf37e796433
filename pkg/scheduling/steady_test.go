// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/scheduling"
)

func TestSteady(t *testing.T) {
	labelled := func(namespace, app, version string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Labels: map[string]string{"app": app, "version": version}}}
	}
	spread := func(change func(*corev1.TopologySpreadConstraint)) *corev1.Pod {
		pod := labelled("jobs", "web", "1")
		constraint := corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule,
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		}
		if change != nil {
			change(&constraint)
		}
		pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{constraint}
		return pod
	}
	alike := labelled("jobs", "web", "1")
	for name, test := range map[string]struct {
		pod    *corev1.Pod
		others []*corev1.Pod
		want   bool
	}{
		"no constraint":          {alike, []*corev1.Pod{alike, alike}, true},
		"the only one":           {spread(nil), nil, true},
		"one too many":           {spread(nil), []*corev1.Pod{alike}, false},
		"as many as may be":      {spread(func(c *corev1.TopologySpreadConstraint) { c.MaxSkew = 2 }), []*corev1.Pod{alike}, true},
		"a preference":           {spread(func(c *corev1.TopologySpreadConstraint) { c.WhenUnsatisfiable = corev1.ScheduleAnyway }), []*corev1.Pod{alike}, true},
		"pods of another kind":   {spread(nil), []*corev1.Pod{labelled("jobs", "db", "1")}, true},
		"pods of elsewhere":      {spread(nil), []*corev1.Pod{labelled("other", "web", "1")}, true},
		"pods of another update": {spread(func(c *corev1.TopologySpreadConstraint) { c.MatchLabelKeys = []string{"version"} }), []*corev1.Pod{labelled("jobs", "web", "2")}, true},
		"a selector of nothing":  {spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = nil }), []*corev1.Pod{alike}, true},
		"counts only others": {
			spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector.MatchLabels["app"] = "db" }),
			[]*corev1.Pod{labelled("jobs", "db", "1"), labelled("jobs", "db", "1")}, false,
		},
	} {
		if got := scheduling.Steady(test.pod, append(test.others, test.pod)); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
