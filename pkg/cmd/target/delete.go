// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Delete begins to delete the location: its edges with their machines, its peering
// and its edge cluster.
func (t *Target) Delete(ctx context.Context, location *v1beta1.EdgeLocation) error {
	// Only this very one: another of the name may have been made since.
	return t.Omni.EdgeLocations(t.Namespace).Delete(ctx, t.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(location.UID))})
}

// WaitGone waits until the location is gone. The end of the context ends the wait.
func (t *Target) WaitGone(ctx context.Context) error {
	locations := t.Omni.EdgeLocations(t.Namespace)
	selector := fields.OneTermEqualSelector("metadata.name", t.Name).String()
	one := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = selector
			return locations.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = selector
			return locations.Watch(ctx, options)
		},
	}
	empty := func(store cache.Store) (bool, error) { return len(store.ListKeys()) == 0, nil }
	deleted := func(event watch.Event) (bool, error) { return event.Type == watch.Deleted, nil }
	if _, err := watchtools.UntilWithSync(ctx, one, &v1beta1.EdgeLocation{}, empty, deleted); err == nil || ctx.Err() == nil {
		return err
	}
	return errors.Join(fmt.Errorf("the EdgeLocation %s/%s is not gone yet: %w", t.Namespace, t.Name, ctx.Err()), t.obstacle(context.WithoutCancel(ctx)))
}

// obstacle is what the location says of its deletion.
func (t *Target) obstacle(ctx context.Context) error {
	location, err := t.Get(ctx)
	if err != nil {
		return err
	}
	ready := meta.FindStatusCondition(location.Status.Conditions, v1beta1.ConditionReady)
	if ready == nil {
		return nil
	}
	return fmt.Errorf("it says: %s: %s", ready.Reason, ready.Message)
}
