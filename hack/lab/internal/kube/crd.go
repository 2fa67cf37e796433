// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
)

var crds = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// CreateCRDs creates CustomResourceDefinitions and waits until all of them are
// established. Created and not applied: for schemas of megabytes server-side
// apply costs several times as much, and a lab's are never edited.
func (c *Client) CreateCRDs(ctx context.Context, definitions []*unstructured.Unstructured) error {
	present, err := c.names(ctx, crds)
	if err != nil {
		return err
	}
	missing := sets.New[string]()
	group, create := errgroup.WithContext(ctx)
	for _, crd := range definitions {
		missing.Insert(crd.GetName())
		if present.Has(crd.GetName()) {
			continue
		}
		group.Go(func() error {
			_, err := c.Dynamic.Resource(crds).Create(create, crd, metav1.CreateOptions{FieldManager: fieldManager})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	err = c.watchUntil(ctx, crds, fields.Everything(), func(crd *unstructured.Unstructured) bool {
		if status, _ := findCondition(crd, "Established"); status == "True" {
			missing.Delete(crd.GetName())
		}
		return missing.Len() == 0
	})
	if err != nil {
		return fmt.Errorf("CustomResourceDefinitions not established: %v: %w", sets.List(missing), err)
	}
	return nil
}

// names lists the names of a resource's objects, without the objects.
func (c *Client) names(ctx context.Context, resource schema.GroupVersionResource) (sets.Set[string], error) {
	list, err := c.metadata.Resource(resource).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	names := sets.New[string]()
	for _, item := range list.Items {
		names.Insert(item.Name)
	}
	return names, nil
}
