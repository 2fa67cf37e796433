// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package pinning

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/controller/nomination"
	"github.com/castai/omni/pkg/controller/provisioner"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/test/object"
)

// heartbeat is how often the machines report; node-lifecycle-controller gives up on
// one after 40 s.
const heartbeat = 10 * time.Second

// world is a real main cluster, and edges of which the test is the cloud.
type world struct {
	t           *testing.T
	main        client.Client
	omni        client.WithWatch
	location    *v1beta1.EdgeLocation
	catalog     *catalog.Catalog
	provisioner *provisioner.Reconciler
	nomination  *nomination.Reconciler
	// comes is when the Node of an edge is there, by the edge's UID; beat is when it
	// reported last.
	comes, beat map[types.UID]time.Time
	// delay is how long the machine of an edge takes.
	delay func(*v1beta1.Edge) time.Duration
}

func newWorld(t *testing.T, delay func(*v1beta1.Edge) time.Duration) *world {
	t.Helper()
	scheme := object.Scheme(t)
	main, err := cluster.New(mainConfig, func(o *cluster.Options) { o.Scheme = scheme })
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []client.Object{&corev1.Pod{}, &corev1.Node{}, &corev1.Namespace{}} {
		if _, err := main.GetCache().GetInformer(t.Context(), kind, nil...); err != nil {
			t.Fatal(err)
		}
	}
	if err := main.GetFieldIndexer().IndexField(t.Context(), &corev1.Pod{}, nomination.PendingField, nomination.Pending); err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := main.Start(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if !main.GetCache().WaitForCacheSync(t.Context()) {
		t.Fatal("the cache of the main cluster did not fill")
	}
	known, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, main: main.GetClient(), catalog: known, delay: delay, location: object.Location("us-west-2a", "us-west-2b", "us-west-2c"),
		comes: map[types.UID]time.Time{}, beat: map[types.UID]time.Time{},
	}
	w.omni = fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(w.location, template()).WithStatusSubresource(&v1beta1.Edge{}).
		WithIndex(&v1beta1.Edge{}, nomination.PlannedPodField, nomination.PlannedPods).
		WithInterceptorFuncs(interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			o.SetUID(uuid.NewUUID()) // which omni-apiserver does
			o.SetCreationTimestamp(metav1.Now())
			return c.Create(ctx, o, options...)
		}}).Build()
	clock := clock.RealClock{}
	w.provisioner = &provisioner.Reconciler{
		Omni: w.omni, Main: w.main, Direct: w.omni, Catalog: known, Unavailable: unavailable.New(clock),
		Recorder: events.NewFakeRecorder(10000), Clock: clock, EdgeOverhead: 0.02,
	}
	w.nomination = &nomination.Reconciler{Omni: w.omni, Main: w.main, Clock: clock}
	return w
}

func template() *v1beta1.NodeTemplate {
	return &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec: v1beta1.NodeTemplateSpec{
			EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true}, Constraints: v1beta1.NodeConstraints{MinCPU: 4, MaxCPU: 4},
		},
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

// step lets everybody look once: the controllers at their objects, as they would
// after an event, and the cloud at its machines.
func (w *world) step() {
	w.t.Helper()
	if _, err := w.provisioner.Reconcile(w.t.Context(), reconcile.Request{}); err != nil {
		w.t.Log("provisioner:", err)
	}
	edges := w.edges()
	for i := range edges {
		e := &edges[i]
		if err := w.work(e); err != nil {
			w.t.Fatalf("the machine of %s: %v", e.Name, err)
		}
		if _, err := w.nomination.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e)}); err != nil {
			w.t.Log("nomination:", err) // of a cache that lags, as in production
		}
	}
}

// work is what a machine does: it comes up, and reports.
func (w *world) work(e *v1beta1.Edge) error {
	now := time.Now()
	comes, known := w.comes[e.UID]
	switch {
	case !known:
		w.comes[e.UID] = now.Add(w.delay(e) + rand.N(5*time.Second))
	case now.Before(comes) || now.Sub(w.beat[e.UID]) < heartbeat:
	case w.beat[e.UID].IsZero():
		w.beat[e.UID] = now
		return w.join(e)
	default:
		w.beat[e.UID] = now
		return w.report(e)
	}
	return nil
}

// join makes the Node as Liqo and the webhook do, and the edge Ready.
func (w *world) join(e *v1beta1.Edge) error {
	machine := w.catalog.OfType(catalog.RegionOf(&w.location.Spec), e.Spec.InstanceType)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: v1beta1.EdgeNodeName(string(e.UID)), Labels: edgenode.Labels(e, w.location, &machine.Type)},
		Spec:       corev1.NodeSpec{Taints: append(edgenode.PlannedTaints(e), edgenode.StartupTaint(string(e.UID)))},
	}
	if err := w.main.Create(w.t.Context(), node); err != nil {
		return err
	}
	w.t.Cleanup(func() {
		if err := w.main.Delete(context.Background(), node); err != nil {
			w.t.Errorf("delete node %s: %v", node.Name, err)
		}
	})
	if err := w.report(e); err != nil {
		return err
	}
	e.Status.Phase = v1beta1.EdgeReady
	meta.SetStatusCondition(&e.Status.Conditions, metav1.Condition{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue, Reason: "NodeReady"})
	return w.omni.Status().Update(w.t.Context(), e)
}

// report says that the machine is well, and what it offers.
func (w *world) report(e *v1beta1.Edge) error {
	machine := w.catalog.OfType(catalog.RegionOf(&w.location.Spec), e.Spec.InstanceType)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: v1beta1.EdgeNodeName(string(e.UID))}}
	now := metav1.Now()
	before := node.DeepCopy()
	node.Status.Capacity, node.Status.Allocatable = machine.Allocatable, machine.Allocatable
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
		LastHeartbeatTime: now, LastTransitionTime: metav1.NewTime(w.comes[e.UID]),
	}}
	return w.main.Status().Patch(w.t.Context(), node, client.StrategicMergeFrom(before))
}
