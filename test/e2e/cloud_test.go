// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// testCloudDown: a cloud that does not answer changes nothing but what is said
// about it. The front of the cloud is stopped, not moto behind it, which keeps its
// machines in memory.
func testCloudDown(t *testing.T) {
	edge, _ := theEdge(t)
	before, err := locations().Get(t.Context(), locationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lab.restart(t, "aws-emulator")
	lab.do(t, "stop", "aws-emulator")

	eventually(t.Context(), t, "the location says that the cloud does not answer", func(context.Context) error {
		location, err := lab.locations.EdgeLocations(teamA).Get(locationName)
		if err != nil {
			return err
		}
		unchanged(t, before, location)
		c := meta.FindStatusCondition(location.Status.Conditions, v1beta1.ConditionCredentialsValid)
		if c.Status != metav1.ConditionUnknown || c.Reason != "CloudUnreachable" || c.Message == "" {
			return fmt.Errorf("CredentialsValid is %s (%s: %s)", c.Status, c.Reason, c.Message)
		}
		if meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionReady) {
			t.Error("the location is Ready with a cloud that does not answer")
		}
		return nil
	})
	if err := running(1)(t.Context()); err != nil {
		t.Error(err)
	}

	lab.do(t, "start", "aws-emulator")
	eventually(t.Context(), t, "the location is Ready again by itself", isReady(locationName))
	after, err := locations().Get(t.Context(), locationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	unchanged(t, before, after)
	if now, _ := theEdge(t); now.UID != edge.UID || now.Status.InstanceID != edge.Status.InstanceID || now.DeletionTimestamp != nil {
		t.Errorf("the edge was %s on %s, now it is %s on %s", edge.UID, edge.Status.InstanceID, now.UID, now.Status.InstanceID)
	}
	eventually(t.Context(), t, "the edge is Ready", readyEdges(1))
}

func unchanged(t *testing.T, before, now *v1beta1.EdgeLocation) {
	t.Helper()
	if !apiequality.Semantic.DeepEqual(before.Spec, now.Spec) {
		t.Errorf("spec was %+v, now it is %+v", before.Spec, now.Spec)
	}
	if now.Status.Phase != before.Status.Phase || now.Status.Edges != before.Status.Edges {
		t.Errorf("it was %q with %d edges, now it is %q with %d",
			before.Status.Phase, before.Status.Edges, now.Status.Phase, now.Status.Edges)
	}
}
