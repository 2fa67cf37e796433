// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
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
		pinned bool
		want   Outcome
	}{
		"left alone": {false, Outcome{Elsewhere: 1, Pending: 1}},
		"nominated":  {true, Outcome{AsPlanned: 2}},
	} {
		got, err := Choose(t.Context(), &problem, &decision, test.pinned, rand.New(rand.NewPCG(1, 1)))
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
	got, err := Choose(t.Context(), &problem, &decision, false, rand.New(rand.NewPCG(1, 1)))
	if want := (Outcome{AsPlanned: 2}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
