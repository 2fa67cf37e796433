// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package consolidation_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/consolidation"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/test/object"
)

const node = "cast-1"

func TestReconcile(t *testing.T) {
	on := func(mutate func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "jobs", Name: "p"}, Spec: corev1.PodSpec{NodeName: node}}
		mutate(p)
		return p
	}
	daemon := func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "DaemonSet", Controller: new(true)}}
	}
	for name, tc := range map[string]struct {
		edge func(*v1beta1.Edge)
		pods []client.Object
		wait time.Duration
		gone bool
	}{
		"empty for long enough":           {wait: 2 * time.Minute, gone: true},
		"empty for a moment":              {wait: 30 * time.Second},
		"a pod runs there":                {pods: []client.Object{on(func(*corev1.Pod) {})}, wait: time.Hour},
		"a finished pod does not count":   {pods: []client.Object{on(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })}, wait: 2 * time.Minute, gone: true},
		"nor does a DaemonSet":            {pods: []client.Object{on(daemon)}, wait: 2 * time.Minute, gone: true},
		"what was made by hand stays":     {edge: func(e *v1beta1.Edge) { e.Spec.NodeTemplateName = "" }, wait: time.Hour},
		"what is not Ready is left alone": {edge: func(e *v1beta1.Edge) { e.Status.Phase = v1beta1.EdgeRegistered }, wait: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testingclock.NewFakeClock(time.Now().Truncate(time.Second))
			e := &v1beta1.Edge{
				ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "e"},
				Spec:       v1beta1.EdgeSpec{NodeTemplateName: "default"},
				Status:     v1beta1.EdgeStatus{Phase: v1beta1.EdgeReady, NodeName: node},
			}
			if tc.edge != nil {
				tc.edge(e)
			}
			r := newReconciler(t, clock, e, tc.pods)
			for range 2 {
				reconcileEdge(t, r, e)
			}
			clock.Step(tc.wait)
			reconcileEdge(t, r, e)
			err := r.Omni.Get(t.Context(), client.ObjectKeyFromObject(e), &v1beta1.Edge{})
			if gone := err != nil; gone != tc.gone || client.IgnoreNotFound(err) != nil {
				t.Errorf("gone = %v (%v), want %v", gone, err, tc.gone)
			}
		})
	}
}

func newReconciler(t *testing.T, clock *testingclock.FakeClock, e *v1beta1.Edge, pods []client.Object) *consolidation.Reconciler {
	t.Helper()
	scheme := object.Scheme(t)
	template := &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec:       v1beta1.NodeTemplateSpec{Disruption: v1beta1.TemplateDisruption{ConsolidateAfter: &metav1.Duration{Duration: time.Minute}}},
	}
	return &consolidation.Reconciler{
		Omni: fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(e, template).WithStatusSubresource(e).Build(),
		Main: fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(pods...).
			WithIndex(&corev1.Pod{}, edge.PodNodeField, edge.PodNode).Build(),
		Recorder: events.NewFakeRecorder(10), Clock: clock,
	}
}

func reconcileEdge(t *testing.T, r *consolidation.Reconciler, e *v1beta1.Edge) {
	t.Helper()
	if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e)}); err != nil {
		t.Fatal(err)
	}
}
