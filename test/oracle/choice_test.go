// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
)

// TestChoose: left alone, kube-scheduler puts the first pod where most is free, and
// the other finds no room; nominated, they are where the plan wants them.
func TestChoose(t *testing.T) {
	small, big := newCandidate("", "z1", 2), newCandidate("", "z1", 4)
	narrow := newPod("narrow", "web", "1")
	wide := newPod("wide", "web", "3500m")
	problem := problemOf([]*corev1.Pod{narrow, wide}, small, big)
	decision := bill(buy(small, narrow), buy(big, wide))
	for name, test := range map[string]struct {
		nominate func(*corev1.Pod) bool
		want     Outcome
	}{
		"left alone": {None, Outcome{Elsewhere: 1, Pending: 1}},
		"nominated":  {All, Outcome{AsPlanned: 2}},
	} {
		got, err := Choose(t.Context(), &problem, &decision, test.nominate, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestChooseRetries: a pod that waits for another comes after it.
func TestChooseRetries(t *testing.T) {
	machine := newCandidate("", "z1", 4)
	friend := newPod("friend", "db", "1")
	first := newPod("first", "web", "1", func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: corev1.LabelTopologyZone, LabelSelector: labelsOf(friend),
		}}}}
	})
	problem := problemOf([]*corev1.Pod{first, friend}, machine)
	decision := scheduling.Decision{Purchases: []scheduling.Purchase{buy(machine, first, friend)}}
	got, err := Choose(t.Context(), &problem, &decision, None, rand.New(rand.NewPCG(1, 1)))
	if want := (Outcome{AsPlanned: 2}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// TestChooseSpread: nominated all at once, pods with topology spread keep each other
// from every node as long as they are nominated: the scheduler counts those that are nominated to the node
// it looks at, and not those that are nominated to others. Those that are too many stay unnominated.
func TestChooseSpread(t *testing.T) {
	z1, z2 := newCandidate("", "z1", 4), newCandidate("", "z2", 4)
	var pods []*corev1.Pod
	for i := range 6 {
		pods = append(pods, newPod(fmt.Sprint("p", i), "web", "1", spread))
	}
	problem := problemOf(pods, z1, z2)
	decision := ordered(bill(buy(z1, pods[:3]...), buy(z2, pods[3:]...)), pods[0], pods[3], pods[1], pods[4], pods[2], pods[5])
	if report := check(t, &problem, &decision); len(report.Findings) > 0 {
		t.Fatal(findings(report))
	}
	for name, test := range map[string]struct {
		nominate func(*corev1.Pod) bool
		pending  int
	}{
		"all at once": {All, 6},
		"steady":      {Steady(&decision), 0},
	} {
		got, err := Choose(t.Context(), &problem, &decision, test.nominate, rand.New(rand.NewPCG(1, 1)))
		if err != nil || got.Pending != test.pending {
			t.Errorf("%s: %+v, %v, want %d pending", name, got, err, test.pending)
		}
	}
}
