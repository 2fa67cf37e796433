// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// TestDeleteUnfinished: what never came to work can be deleted too, and leaves as
// little behind.
func TestDeleteUnfinished(t *testing.T) {
	network := network(t)
	for i, test := range []struct {
		name string
		// begin gets as far as it gets, with a location that is Pending.
		begin func(t *testing.T, name string)
	}{
		{"location without the Secret of its edge cluster", func(t *testing.T, name string) {
			deleteSecret(t, name)
			register(t, name, network)
			eventually(t.Context(), t, "the location has failed", inPhase(name, v1beta1.EdgeLocationFailed))
		}},
		{"edge in a location that is not on board", func(t *testing.T, name string) {
			newUnlaunchedEdge(t, name)
		}},
		{"edge in a location without the Secret of its edge cluster", func(t *testing.T, name string) {
			deleteSecret(t, name)
			register(t, name, network)
			newUnlaunchedEdge(t, name)
		}},
		{"location just registered", func(t *testing.T, name string) {
			register(t, name, network)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// What one leaves does not hide what the next one does.
			name := fmt.Sprintf("unfinished-%d", i)
			newLocation(t, name)
			test.begin(t, name)
		})
	}
}

func deleteSecret(t *testing.T, name string) {
	t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: name + "-kubeconfig"}}
	if err := lab.main.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
}

// newUnlaunchedEdge makes an edge by hand in a location that cannot launch it.
func newUnlaunchedEdge(t *testing.T, location string) {
	t.Helper()
	edge := &v1beta1.Edge{ObjectMeta: metav1.ObjectMeta{Name: "of-" + location}}
	edge.Spec = v1beta1.EdgeSpec{EdgeLocationName: location, InstanceType: "m7i.large"}
	if _, err := edges().Create(t.Context(), edge, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := edges().Delete(context.Background(), edge.Name, metav1.DeleteOptions{})
		if client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
	eventually(t.Context(), t, "the edge waits", func(context.Context) error {
		edge, err := lab.edges.Edges(teamA).Get(edge.Name)
		if err == nil && edge.Status.Phase != v1beta1.EdgePending {
			err = fmt.Errorf("it is %q", edge.Status.Phase)
		}
		return err
	})
}
