// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func testDeleteCollection(t *testing.T, s *testServer) {
	ctx, edges := context.Background(), s.client().OmniV1beta1().Edges(namespace)
	s.createEdges("collected", 3)
	s.createEdges("spared", 1)
	left := func(want string) {
		t.Helper()
		list, err := edges.List(ctx, metav1.ListOptions{LabelSelector: "test in (collected,spared)"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, edge := range list.Items {
			names = append(names, edge.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("left are %q, want %q", got, want)
		}
	}
	for _, test := range []struct{ labels, fields, left string }{
		{"test=collected", "spec.edgeLocationName=elsewhere", "collected-0 collected-1 collected-2 spared-0"},
		{"test=collected", "metadata.name=collected-1", "collected-0 collected-2 spared-0"},
		{"test=collected", "spec.edgeLocationName=aws", "spared-0"},
	} {
		err := edges.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: test.labels, FieldSelector: test.fields})
		if err != nil {
			t.Fatal(err)
		}
		left(test.left)
	}
}

func testFinalizers(t *testing.T, s *testServer) {
	ctx, locations := context.Background(), s.client().OmniV1beta1().EdgeLocations(namespace)
	held := newLocation("held")
	held.Finalizers = []string{v1beta1.FinalizerCleanup}
	if _, err := locations.Create(ctx, held, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// Machines and networks have no seconds to be killed after: a grace period
	// changes nothing, only finalizers hold.
	grace := int64(0)
	if err := locations.Delete(ctx, "held", metav1.DeleteOptions{GracePeriodSeconds: &grace}); err != nil {
		t.Fatal(err)
	}
	deleted := s.location(t, "held")
	if deleted.DeletionTimestamp == nil || deleted.Generation != 2 {
		t.Fatalf("a held object that was deleted: %+v, want a deletionTimestamp and generation 2", deleted.ObjectMeta)
	}
	if err := locations.Delete(ctx, "held", metav1.DeleteOptions{}); err != nil {
		t.Errorf("a second delete: %v", err)
	}
	deleted.Finalizers = append(deleted.Finalizers, "example.com/late")
	if _, err := locations.Update(ctx, deleted, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("a new finalizer on an object that is going: %v, want 422", err)
	}
	// The status can still be written, and does not let the object go.
	deleted = s.location(t, "held")
	deleted.Finalizers, deleted.Status.Phase = nil, v1beta1.EdgeLocationOffboarding
	if _, err := locations.UpdateStatus(ctx, deleted, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if phase := s.location(t, "held").Status.Phase; phase != v1beta1.EdgeLocationOffboarding {
		t.Errorf("phase %q, want Offboarding", phase)
	}
	if _, err := locations.Patch(ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := locations.Get(ctx, "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after its last finalizer: %v, want not found", err)
	}
}

func testPreconditions(t *testing.T, s *testServer) {
	ctx, locations := context.Background(), s.client().OmniV1beta1().EdgeLocations(namespace)
	created := s.createLocation(t, "conditional")
	stale, other := "1", types.UID("other")
	for name, preconditions := range map[string]metav1.Preconditions{
		"another UID":    {UID: &other},
		"an old version": {UID: &created.UID, ResourceVersion: &stale},
	} {
		if err := locations.Delete(ctx, "conditional", metav1.DeleteOptions{Preconditions: &preconditions}); !apierrors.IsConflict(err) {
			t.Errorf("delete with %s: %v, want a conflict", name, err)
		}
	}
	// An object that was made anew under the name is not the one that was read.
	renewed := *created
	renewed.UID = other
	if _, err := locations.Update(ctx, &renewed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("update with another UID: %v, want a conflict", err)
	}
	if err := locations.Delete(ctx, "conditional", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &created.UID, ResourceVersion: &created.ResourceVersion}}); err != nil {
		t.Errorf("delete with what is stored: %v", err)
	}
}

func testGenerateName(t *testing.T, s *testServer) {
	edge := newEdge("", "aws")
	edge.GenerateName = "generated-"
	seen := map[string]bool{}
	for range 3 {
		created, err := s.client().OmniV1beta1().Edges(namespace).Create(context.Background(), edge, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if seen[created.Name] || !strings.HasPrefix(created.Name, edge.GenerateName) || len(created.Name) <= len(edge.GenerateName) {
			t.Errorf("generated %q, want another name that begins with %s", created.Name, edge.GenerateName)
		}
		seen[created.Name] = true
	}
}
