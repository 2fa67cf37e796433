// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// WaitForCondition watches one cluster-scoped object until its status has the
// condition as True. The error holds the last message of the condition.
func (c *Client) WaitForCondition(ctx context.Context, resource schema.GroupVersionResource, name, condition string) error {
	var message string
	err := c.watchUntil(ctx, resource, fields.OneTermEqualSelector("metadata.name", name), func(object *unstructured.Unstructured) bool {
		status, text := findCondition(object, condition)
		message = text
		return status == "True"
	})
	if err != nil {
		return fmt.Errorf("%s %s has no condition %s=True, but %q: %w", resource.Resource, name, condition, message, err)
	}
	return nil
}

// watchUntil lists and then watches until done is true for one of the objects.
func (c *Client) watchUntil(ctx context.Context, resource schema.GroupVersionResource, which fields.Selector, done func(*unstructured.Unstructured) bool) error {
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = which.String()
			return c.Dynamic.Resource(resource).List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = which.String()
			return c.Dynamic.Resource(resource).Watch(ctx, options)
		},
	}
	_, err := watchtools.UntilWithSync(ctx, source, &unstructured.Unstructured{}, nil, func(event watch.Event) (bool, error) {
		object, ok := event.Object.(*unstructured.Unstructured)
		return ok && done(object), nil
	})
	return err
}

// findCondition returns a condition's status and message, both empty without it.
func findCondition(object *unstructured.Unstructured, kind string) (status, message string) {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			status, _ = c["status"].(string)
			message, _ = c["message"].(string)
		}
	}
	return status, message
}
