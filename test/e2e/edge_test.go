// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// everything selects all objects.
var everything = labels.Everything()

// TestEdge looks at one location with one edge from its first day to its last.
func TestEdge(t *testing.T) {
	newReadyLocation(t, locationName)
	newTemplate(t)
	newWorkload(t, 1)
	eventually(t.Context(), t, "the pod runs", running(1))
	eventually(t.Context(), t, "the edge is Ready", readyEdges(1))

	t.Run("NodeContract", testNodeContract)
	t.Run("ConsoleOutput", testConsoleOutput)
	t.Run("LivePrices", testLivePrices)
	t.Run("OffboardScriptRefuses", testOffboardScriptRefuses)
	t.Run("NodeComesBack", testNodeComesBack)
	t.Run("PodsWithoutLabel", testPodsWithoutLabel)
	t.Run("DefaultNamespace", testDefaultNamespace)
	t.Run("CloudDown", testCloudDown)
	t.Run("OffboardLeavesNothing", testOffboardLeavesNothing)
}

// theEdge returns the only edge and its Node.
func theEdge(t *testing.T) (*v1beta1.Edge, *corev1.Node) {
	t.Helper()
	list, err := edges().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 {
		t.Fatalf("there are %d edges, want 1", len(list.Items))
	}
	edge := &list.Items[0]
	node := &corev1.Node{}
	if err := lab.main.Get(t.Context(), client.ObjectKey{Name: edge.Status.NodeName}, node); err != nil {
		t.Fatal(err)
	}
	return edge, node
}

// testOffboardLeavesNothing deletes a location whose edge runs a pod. That nothing
// is left in the end is checked whenever a test deletes its location; here is what
// must not come too early.
func testOffboardLeavesNothing(t *testing.T) {
	edge, _ := theEdge(t)
	err := locations().Delete(t.Context(), locationName, metav1.DeleteOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), templateName) {
		t.Fatalf("delete a location that a template names: %v, want a refusal that names %s", err, templateName)
	}
	if err := lab.teamA.OmniV1beta1().NodeTemplates(teamA).Delete(t.Context(), templateName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := locations().Delete(t.Context(), locationName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the location is off-boarding", inPhase(locationName, v1beta1.EdgeLocationOffboarding))
	eventually(t.Context(), t, "the edge is gone", func(ctx context.Context) error {
		left, err := lab.edges.Edges(teamA).List(everything)
		if err != nil || len(left) == 0 {
			return err
		}
		if _, err := locations().Get(ctx, locationName, metav1.GetOptions{}); err != nil {
			t.Fatalf("the location went before its edge: %v", err)
		}
		return fmt.Errorf("it is %s: %s", left[0].Status.Phase, summary(left[0].Status.Conditions))
	})
	all, err := machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.edge == string(edge.UID) && !m.ended {
			t.Errorf("the edge went before its machine %s, which is %s", m.id, m.state)
		}
	}
	if err := offboard(t.Context(), locationName); err != nil {
		t.Error(err)
	}
	var pods corev1.PodList
	if err := lab.main.List(t.Context(), &pods, client.InNamespace(jobs)); err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 || pods.Items[0].Status.Phase != corev1.PodPending || pods.Items[0].Spec.NodeName != "" {
		t.Errorf("the pod does not wait for another place: %+v", pods.Items)
	}
}
