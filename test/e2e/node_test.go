// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// testNodeContract: what others rely on, written out here as they would see it.
func testNodeContract(t *testing.T) {
	edge, node := theEdge(t)
	if want := "cast-" + string(edge.UID); node.Name != want {
		t.Errorf("the Node is named %s, want %s", node.Name, want)
	}
	if err := contract(edge, node); err != nil {
		t.Error(err)
	}
	if want := "castai-omni://aws/us-west-2/" + string(edge.UID); edge.Status.ProviderID != want {
		t.Errorf("status.providerID is %s, want %s", edge.Status.ProviderID, want)
	}
}

func contract(edge *v1beta1.Edge, node *corev1.Node) error {
	var errs []error
	for label, want := range map[string]string{
		"liqo.io/type":                     "virtual-node",
		"kubernetes.io/role":               "agent",
		"omni.cast.ai/edge-location-name":  locationName,
		"omni.cast.ai/edge-id":             string(edge.UID),
		"omni.cast.ai/csp":                 "aws",
		"omni.cast.ai/edge-node":           "true",
		"topology.kubernetes.io/region":    "us-west-2",
		"topology.kubernetes.io/zone":      edge.Spec.Zone,
		"node.kubernetes.io/instance-type": edge.Spec.InstanceType,
	} {
		if got, ok := node.Labels[label]; got != want || !ok {
			errs = append(errs, fmt.Errorf("label %s is %q, want %q", label, got, want))
		}
	}
	for _, key := range []string{"virtual-node.omni.cast.ai/not-allowed", "virtual-node.liqo.io/not-allowed"} {
		want := corev1.Taint{Key: key, Value: "true", Effect: corev1.TaintEffectNoExecute}
		if !hasTaint(node, want) {
			errs = append(errs, fmt.Errorf("taint %s is missing in %v", want.ToString(), node.Spec.Taints))
		}
	}
	if got := node.Spec.ProviderID; got != edge.Status.ProviderID || !strings.HasPrefix(got, "castai-omni://") {
		errs = append(errs, fmt.Errorf("spec.providerID is %q, status.providerID of the edge %q", got, edge.Status.ProviderID))
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			errs = append(errs, fmt.Errorf("it is not Ready: %s", c.Message))
		}
	}
	return errors.Join(errs...)
}

func hasTaint(node *corev1.Node, want corev1.Taint) bool {
	for _, taint := range node.Spec.Taints {
		if taint.MatchTaint(&want) && taint.Value == want.Value {
			return true
		}
	}
	return false
}

// testNodeComesBack: a Node that somebody deletes is made again, on the same machine.
func testNodeComesBack(t *testing.T) {
	edge, before := theEdge(t)
	if err := lab.main.Delete(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the Node is back as it was", func(ctx context.Context) error {
		var node corev1.Node
		if err := lab.main.Get(ctx, client.ObjectKey{Name: before.Name}, &node); err != nil {
			return err
		}
		if node.UID == before.UID {
			return errors.New("it has not gone yet")
		}
		return contract(edge, &node)
	})
	eventually(t.Context(), t, "the pod runs", running(1))
	eventually(t.Context(), t, "the edge is Ready", readyEdges(1))
	if after, _ := theEdge(t); after.UID != edge.UID || after.Status.InstanceID != edge.Status.InstanceID {
		t.Errorf("the edge was %s on %s, now it is %s on %s", edge.UID, edge.Status.InstanceID, after.UID, after.Status.InstanceID)
	}
}

// testPodsWithoutLabel: only a namespace's label opens it. The pod would fit, and
// may go to edges only.
func testPodsWithoutLabel(t *testing.T) {
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "e2e-closed"}})
	createStays(t, "e2e-closed")
}

// testDefaultNamespace: the namespaces of the cluster itself are never opened.
func testDefaultNamespace(t *testing.T) {
	label(t, metav1.NamespaceDefault, "true")
	t.Cleanup(func() { label(t, metav1.NamespaceDefault, "") })
	eventually(t.Context(), t, "an Event says that it is refused", func(ctx context.Context) error {
		var events eventsv1.EventList
		if err := lab.main.List(ctx, &events, client.InNamespace(metav1.NamespaceDefault)); err != nil {
			return err
		}
		for i := range events.Items {
			e := &events.Items[i]
			if e.Reason == "NamespaceRefused" && e.Regarding.Kind == "Namespace" && e.Regarding.Name == metav1.NamespaceDefault &&
				strings.Contains(e.Note, v1beta1.LabelEnableScheduling) {
				return nil
			}
		}
		return fmt.Errorf("it is not among %d events", len(events.Items))
	})
	createStays(t, metav1.NamespaceDefault)
}

// createStays makes a pod that may go to edges only, and wants the scheduler to
// find that their taint keeps it off and OMNI to buy nothing for it.
func createStays(t *testing.T, namespace string) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "stays"}, Spec: podSpec("100m")}
	pod.Spec.NodeSelector = map[string]string{v1beta1.LabelEdgeNode: "true"}
	// The namespace's ServiceAccount is made a moment after the namespace.
	eventually(t.Context(), t, "the pod is made", func(ctx context.Context) error {
		return client.IgnoreAlreadyExists(lab.main.Create(ctx, pod.DeepCopy()))
	})
	t.Cleanup(func() {
		if err := lab.main.Delete(context.Background(), pod, client.GracePeriodSeconds(0)); err != nil {
			t.Error(err)
		}
	})
	eventually(t.Context(), t, "the taint keeps it off", func(ctx context.Context) error {
		if err := lab.main.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Spec.NodeName != "" {
			t.Fatalf("the pod runs on %s", pod.Spec.NodeName)
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable && strings.Contains(c.Message, "taint") {
				return nil
			}
		}
		return fmt.Errorf("the scheduler has not said so: %v", pod.Status.Conditions)
	})
	for _, toleration := range pod.Spec.Tolerations {
		if toleration.Key == v1beta1.TaintEdge {
			t.Errorf("the pod was given the toleration of edges: %+v", toleration)
		}
	}
	theEdge(t) // still the only one
}

// label sets the label that opens a namespace, or removes it.
func label(t *testing.T, namespace, value string) {
	t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, v1beta1.LabelEnableScheduling, value)
	if value == "" {
		patch = fmt.Sprintf(`{"metadata":{"labels":{%q:null}}}`, v1beta1.LabelEnableScheduling)
	}
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if err := lab.main.Patch(context.Background(), object, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		t.Fatal(err)
	}
}
