// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner_test

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
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/pkg/controller/provisioner"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/test/object"
)

type world struct {
	t          *testing.T
	clock      *testingclock.FakeClock
	omni, main client.Client
	recorder   *events.FakeRecorder
	refused    *unavailable.Offerings
	reconciler *provisioner.Reconciler
}

func newWorld(t *testing.T, omniObjects, mainObjects []client.Object) *world {
	t.Helper()
	scheme := object.Scheme(t)
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	clock := testingclock.NewFakeClock(time.Now())
	w := &world{t: t, clock: clock, recorder: events.NewFakeRecorder(100), refused: unavailable.New(clock)}
	w.omni = fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(omniObjects...).WithStatusSubresource(&v1beta1.Edge{}).Build()
	w.main = fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(mainObjects...).
		WithIndex(&corev1.Pod{}, edge.PodNodeField, edge.PodNode).Build()
	w.reconciler = &provisioner.Reconciler{
		Omni: w.omni, Main: w.main, Direct: w.omni, Catalog: snapshot, Unavailable: w.refused, Recorder: w.recorder, Clock: clock,
	}
	return w
}

func (w *world) reconcile() {
	w.t.Helper()
	if _, err := w.reconciler.Reconcile(w.t.Context(), reconcile.Request{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) edges() []v1beta1.Edge {
	w.t.Helper()
	var list v1beta1.EdgeList
	if err := w.omni.List(w.t.Context(), &list); err != nil {
		w.t.Fatal(err)
	}
	return list.Items
}

func (w *world) events() (all string) {
	for {
		select {
		case e := <-w.recorder.Events:
			all += e + "\n"
		default:
			return all
		}
	}
}

func namespace(name, enabled string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1beta1.LabelEnableScheduling: enabled}}}
}

func location() *v1beta1.EdgeLocation { return object.Location("us-west-2a", "us-west-2b") }

func template(limit int32) *v1beta1.NodeTemplate {
	return &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec: v1beta1.NodeTemplateSpec{
			EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true},
			Limits:        v1beta1.TemplateLimits{Edges: &limit},
			Labels:        map[string]string{"workload": "batch"},
		},
	}
}

func pending(namespace string) *corev1.Pod { return object.Pending(namespace, "p1", "1500m") }

func (w *world) create(o client.Object) {
	w.t.Helper()
	if err := w.main.Create(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
}

// restart forgets everything that is not written down.
func (w *world) restart() {
	w.reconciler = &provisioner.Reconciler{
		Omni: w.omni, Main: w.main, Direct: w.omni, Catalog: w.reconciler.Catalog, Unavailable: unavailable.New(w.clock),
		Recorder: w.recorder, Clock: w.clock,
	}
}
