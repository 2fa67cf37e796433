// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestHungServer: while omni-apiserver hangs, the main cluster serves its own
// kinds as ever, ours answer 503, and what waits for us, such as the deletion of
// a namespace, goes on afterwards. Nothing is taken for gone.
func TestHungServer(t *testing.T) {
	const before, during = "made-before-the-hang", "deleted-in-the-hang"
	newLocation(t, before)
	newUnlaunchedEdge(t, before)
	create(t, namespaceObject(during))
	known := uids(t)

	t.Cleanup(func() {
		if out, err := lab.program().Command(context.Background(), "stop", "omni-apiserver", "--signal", "CONT").CombinedOutput(); err != nil {
			t.Errorf("wake omni-apiserver up: %v\n%s", err, out)
		}
	})
	lab.do(t, "stop", "omni-apiserver", "--signal", "STOP")
	eventually(t.Context(), t, "our kinds answer 503", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_, err := locations().List(ctx, metav1.ListOptions{})
		if !apierrors.IsServiceUnavailable(err) {
			return fmt.Errorf("list of locations: %w", err)
		}
		return nil
	})
	// A bound that only a client that waits for us would miss.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begun := time.Now()
	if out, err := lab.shell(ctx, "admin", "kubectl", "get", "configmaps,nodes", "--all-namespaces").CombinedOutput(); err != nil {
		t.Errorf("kubectl get configmaps,nodes: %v\n%s", err, out)
	}
	t.Logf("kubectl get configmaps,nodes took %s", time.Since(begun).Round(time.Millisecond))
	if err := lab.main.Delete(t.Context(), namespaceObject(during)); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the namespace says that it waits for us", func(ctx context.Context) error {
		namespace := namespaceObject(during)
		if err := lab.main.Get(ctx, client.ObjectKeyFromObject(namespace), namespace); err != nil {
			return err
		}
		if !slices.ContainsFunc(namespace.Status.Conditions, func(c corev1.NamespaceCondition) bool {
			return c.Type == corev1.NamespaceDeletionDiscoveryFailure && c.Status == corev1.ConditionTrue
		}) {
			return fmt.Errorf("its conditions are %v", namespace.Status.Conditions)
		}
		return nil
	})

	lab.do(t, "stop", "omni-apiserver", "--signal", "CONT")
	eventually(t.Context(), t, "our kinds are served again", func(ctx context.Context) error {
		_, err := locations().List(ctx, metav1.ListOptions{})
		return err
	})
	eventually(t.Context(), t, "the namespace is gone", namespaceGone(during))
	if after := uids(t); !slices.Equal(after, known) {
		t.Errorf("after the hang there are %q, before it there were %q", after, known)
	}
}

// uids are those of all locations and edges of team A that are not being deleted.
func uids(t *testing.T) []types.UID {
	t.Helper()
	locationList, err := locations().List(t.Context(), metav1.ListOptions{})
	edgeList, err2 := edges().List(t.Context(), metav1.ListOptions{})
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	var all []types.UID
	for i := range locationList.Items {
		if locationList.Items[i].DeletionTimestamp == nil {
			all = append(all, locationList.Items[i].UID)
		}
	}
	for i := range edgeList.Items {
		if edgeList.Items[i].DeletionTimestamp == nil {
			all = append(all, edgeList.Items[i].UID)
		}
	}
	return all
}
