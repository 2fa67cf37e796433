// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package namespace_test

import (
	"strings"
	"testing"

	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/namespace"
	"github.com/castai/omni/test/object"
)

func reconcileNamespace(t *testing.T, name, label string, others ...client.Object) (client.Client, *events.FakeRecorder) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1beta1.LabelEnableScheduling: label}}}
	c := fakeclient.NewClientBuilder().WithScheme(object.Scheme(t, offloadingv1beta1.AddToScheme)).WithObjects(append(others, ns)...).Build()
	recorder := events.NewFakeRecorder(10)
	r := &namespace.Reconciler{Main: c, Recorder: recorder}
	for range 2 { // the second time changes nothing
		if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return c, recorder
}

func offloading(t *testing.T, c client.Client, name string) *offloadingv1beta1.NamespaceOffloading {
	t.Helper()
	o := namespace.Offloading(name)
	err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return o
}

func TestOpens(t *testing.T) {
	c, _ := reconcileNamespace(t, "jobs", "true")
	o := offloading(t, c, "jobs")
	if o == nil || o.Spec.PodOffloadingStrategy != offloadingv1beta1.LocalAndRemotePodOffloadingStrategyType ||
		o.Spec.NamespaceMappingStrategy != offloadingv1beta1.DefaultNameMappingStrategyType || len(o.Spec.ClusterSelector.NodeSelectorTerms) != 0 {
		t.Errorf("offloading = %+v", o)
	}
	var ns corev1.Namespace
	if err := c.Get(t.Context(), client.ObjectKey{Name: "jobs"}, &ns); err != nil || ns.Labels["liqo.io/scheduling-enabled"] != "true" {
		t.Errorf("labels = %v, %v", ns.Labels, err)
	}
}

func TestClosesOnlyItsOwn(t *testing.T) {
	ours := namespace.Offloading("jobs")
	ours.Labels = map[string]string{"app.kubernetes.io/managed-by": "omni-controller"}
	c, _ := reconcileNamespace(t, "jobs", "false", ours)
	if offloading(t, c, "jobs") != nil {
		t.Error("our offloading is left")
	}
	c, _ = reconcileNamespace(t, "jobs", "false", namespace.Offloading("jobs"))
	if offloading(t, c, "jobs") == nil {
		t.Error("somebody else's offloading was deleted")
	}
}

func TestRefuses(t *testing.T) {
	for _, name := range []string{"default", "kube-system", "liqo", "liqo-tenant-edge", "omni-system"} {
		c, recorder := reconcileNamespace(t, name, "true")
		if offloading(t, c, name) != nil {
			t.Errorf("%s was opened", name)
		}
		if said := <-recorder.Events; !strings.Contains(said, "NamespaceRefused") {
			t.Errorf("%s: event = %q", name, said)
		}
	}
}
