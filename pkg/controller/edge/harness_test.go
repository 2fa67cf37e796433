// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"context"
	"testing"
	"time"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/peering"
	"github.com/castai/omni/test/object"
)

const uid = "0b1c2d3e-4f50-4161-8273-8495a6b7c8d9"

// world is one location with everything around it in memory.
type world struct {
	t     *testing.T
	clock *testingclock.FakeClock
	cloud *fake.Provider
	// signIn is the way to a real cloud, used when set.
	signIn connection.Connector
	// omni, main and remote are omni-apiserver, the main and the edge cluster.
	omni, main, remote client.Client
	// direct is omni-apiserver past the cache; stale is what the cache shows
	// of the edge once more although it has changed.
	direct client.WithWatch
	stale  *v1beta1.Edge
	// crash makes the next write of an Edge's status fail, as if the
	// controller had died before it.
	crash bool
	// meanwhile happens just before the next write of an Edge's status.
	meanwhile func()
	// unreachable and clusterGone are what the way to the cloud and to the
	// edge cluster answer.
	unreachable, clusterGone error
	reconciler               *edge.Reconciler
	refused                  *unavailable.Offerings
}

var _ connection.Connector = (*world)(nil)

func (w *world) Provider(ctx context.Context, location *v1beta1.EdgeLocation) (cloud.Provider, error) {
	if w.signIn != nil {
		return w.signIn.Provider(ctx, location)
	}
	return w.cloud, w.unreachable
}

func (w *world) EdgeCluster(context.Context, *v1beta1.EdgeLocation) (*edgecluster.Cluster, error) {
	return &edgecluster.Cluster{Client: w.remote, Server: "https://edge:6443", CA: []byte("CA")}, w.clusterGone
}

func (w *world) Peering(context.Context, *v1beta1.EdgeLocation, *edgecluster.Cluster) (*peering.Peering, error) {
	return &peering.Peering{Main: w.main, Edge: w.remote, MainID: "main", EdgeID: "edge", Owner: "team-a/oregon"}, nil
}

func (w *world) Hold(context.Context, *v1beta1.EdgeLocation) error    { return nil }
func (w *world) Release(context.Context, *v1beta1.EdgeLocation) error { return nil }

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	return newWorldAt(t, location(), objects...)
}

func newWorldAt(t *testing.T, location *v1beta1.EdgeLocation, objects ...client.Object) *world {
	t.Helper()
	scheme := object.Scheme(t, peering.AddToScheme)
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: testingclock.NewFakeClock(time.Now())} // deletionTimestamp is real time
	w.cloud = fake.New(w.clock)
	w.refused = unavailable.New(w.clock)
	builder := func() *fakeclient.ClientBuilder { return fakeclient.NewClientBuilder().WithScheme(scheme) }
	w.direct = builder().WithObjects(append(objects, location)...).
		WithStatusSubresource(&v1beta1.Edge{}, &v1beta1.EdgeLocation{}).Build()
	w.omni = interceptor.NewClient(w.direct, interceptor.Funcs{SubResourcePatch: w.writeStatus, Get: w.read})
	w.main = builder().WithStatusSubresource(&authv1beta1.ResourceSlice{}, &authv1beta1.Identity{}).
		WithIndex(&corev1.Pod{}, edge.PodNodeField, edge.PodNode).Build()
	w.remote = builder().Build()
	w.reconciler = &edge.Reconciler{
		Omni: w.omni, Direct: w.direct, Main: w.main, Connect: w, Catalog: snapshot, Unavailable: w.refused, Recorder: events.NewFakeRecorder(100), Clock: w.clock,
	}
	return w
}

func (w *world) read(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if edge, ok := o.(*v1beta1.Edge); ok && w.stale != nil {
		w.stale.DeepCopyInto(edge)
		w.stale = nil
		return nil
	}
	return c.Get(ctx, key, o, opts...)
}

func (w *world) writeStatus(ctx context.Context, c client.Client, subresource string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	if disturb := w.meanwhile; disturb != nil {
		w.meanwhile = nil
		disturb()
	}
	if w.crash {
		w.crash = false
		return context.Canceled
	}
	return c.SubResource(subresource).Patch(ctx, o, p, opts...)
}

func location() *v1beta1.EdgeLocation {
	l := object.Location("us-west-2a")
	l.Status = readyLocation()
	return l
}

func readyLocation() v1beta1.EdgeLocationStatus {
	return v1beta1.EdgeLocationStatus{
		EdgeClusterVersion: "v1.37.1",
		Conditions:         []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue}},
	}
}

func bought() *v1beta1.Edge {
	return &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "e", UID: uid, Generation: 1},
		Spec: v1beta1.EdgeSpec{
			EdgeLocationName: "oregon", NodeTemplateName: "default", InstanceType: "m5.large",
			Zone: "us-west-2a", CapacityType: v1beta1.CapacityOnDemand,
		},
	}
}

// reconcile reconciles the edge n times, as the queue would after each result.
func (w *world) reconcile(n int) (last error) {
	for range n {
		_, last = w.reconciler.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(bought())})
	}
	return last
}

// settle reconciles n times; what fails is tried again, as the queue does.
func (w *world) settle(n int) { _ = w.reconcile(n) }

// edge returns the edge as it is stored, nil when it is gone.
func (w *world) edge() *v1beta1.Edge {
	w.t.Helper()
	e := &v1beta1.Edge{}
	err := w.omni.Get(w.t.Context(), client.ObjectKeyFromObject(bought()), e)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return e
}

func (w *world) delete() {
	w.t.Helper()
	if err := w.omni.Delete(w.t.Context(), w.edge()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) phase(want v1beta1.EdgePhase) {
	w.t.Helper()
	e := w.edge()
	if e == nil {
		w.t.Fatalf("the edge is gone, want phase %s", want)
	}
	if e.Status.Phase != want {
		w.t.Fatalf("phase %q, want %q; conditions: %+v", e.Status.Phase, want, e.Status.Conditions)
	}
}

func (w *world) create(c client.Client, objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if err := c.Create(w.t.Context(), o); err != nil {
			w.t.Fatal(err)
		}
	}
}

func readyNode() *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: v1beta1.EdgeNodeName(uid)},
		Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1930m")},
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}

// acceptSlice does what Liqo does with a ResourceSlice.
func (w *world) acceptSlice() {
	w.t.Helper()
	ctx := w.t.Context()
	slice := &authv1beta1.ResourceSlice{}
	if err := w.main.Get(ctx, client.ObjectKey{Namespace: "liqo-tenant-edge", Name: v1beta1.EdgeNodeName(uid)}, slice); err != nil {
		w.t.Fatal(err)
	}
	slice.Status.Resources = slice.Spec.Resources
	for _, c := range []authv1beta1.ResourceSliceConditionType{authv1beta1.ResourceSliceConditionTypeAuthentication, authv1beta1.ResourceSliceConditionTypeResources} {
		slice.Status.Conditions = append(slice.Status.Conditions, authv1beta1.ResourceSliceCondition{Type: c, Status: authv1beta1.ResourceSliceConditionAccepted})
	}
	if err := w.main.Status().Update(ctx, slice); err != nil {
		w.t.Fatal(err)
	}
	identity := &authv1beta1.Identity{ObjectMeta: metav1.ObjectMeta{Namespace: slice.Namespace, Name: "resourceslice-" + slice.Name}}
	w.create(w.main, identity)
	identity.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "kubeconfig"}
	if err := w.main.Status().Update(ctx, identity); err != nil {
		w.t.Fatal(err)
	}
}
