// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

// fieldManager owns what the lab applies.
const fieldManager = "omni-lab"

// Decode reads the objects of a YAML stream.
func Decode(manifests []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", len(objects)+1, err)
		}
		if len(object.Object) > 0 { // an empty document, or one of comments only
			objects = append(objects, object)
		}
	}
}

// ApplyManifests applies a YAML stream: namespaces first, then all else at once.
func (c *Client) ApplyManifests(ctx context.Context, manifests []byte) error {
	objects, err := Decode(manifests)
	if err != nil {
		return err
	}
	return c.Apply(ctx, objects...)
}

// Apply applies objects by server-side apply: namespaces first, then all else at
// once.
func (c *Client) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	var rest []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() != "Namespace" {
			rest = append(rest, object)
		} else if err := c.apply(ctx, object); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, object := range rest {
		group.Go(func() error { return c.apply(ctx, object) })
	}
	return group.Wait()
}

func (c *Client) apply(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := c.resource(ctx, object)
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	applied, err := resource.Apply(ctx, object.GetName(), object, options)
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	// A Node's status is a subresource, and the capacity is there.
	if _, ok := object.Object["status"]; !ok || object.GetKind() != "Node" {
		return nil
	}
	status := object.DeepCopy()
	unstructured.RemoveNestedField(status.Object, "spec")
	status.SetUID(applied.GetUID())
	_, err = resource.ApplyStatus(ctx, object.GetName(), status, options)
	return err
}

// resource finds where an object is served. A kind whose CRD has just been
// established may not be in discovery yet, so a missing one is asked for again.
func (c *Client) resource(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := object.GroupVersionKind()
	var mapping *meta.RESTMapping
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) {
		var err error
		mapping, err = c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if meta.IsNoMatchError(err) || apierrors.IsServiceUnavailable(err) {
			c.mapper.Reset()
			return false, nil
		}
		return err == nil, err
	})
	if wait.Interrupted(err) {
		return nil, fmt.Errorf("no API serves %s", gvk)
	}
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.Dynamic.Resource(mapping.Resource), nil
	}
	return c.Dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
}
