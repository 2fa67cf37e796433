// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package storage keeps Edges in etcd and serves their endpoints.
package storage

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/registry/omni/edge"
)

// Storage is every endpoint of edges.
type Storage struct {
	Edge   *REST
	Status *StatusREST
}

// NewStorage opens the store of edges and returns their endpoints.
func NewStorage(optsGetter generic.RESTOptionsGetter) (*Storage, error) {
	strategy := edge.NewStrategy(scheme.Scheme)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &omni.Edge{} },
		NewListFunc:               func() runtime.Object { return &omni.EdgeList{} },
		DefaultQualifiedResource:  omni.Resource("edges"),
		SingularQualifiedResource: omni.Resource("edge"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            columns,
	}
	options := &generic.StoreOptions{RESTOptions: optsGetter, AttrFunc: edge.GetAttrs}
	if err := store.CompleteWithOptions(options); err != nil {
		return nil, fmt.Errorf("open the store of edges: %w", err)
	}
	statusStrategy := edge.NewStatusStrategy(strategy)
	statusStore := *store
	statusStore.UpdateStrategy = statusStrategy
	statusStore.ResetFieldsStrategy = statusStrategy
	return &Storage{Edge: &REST{store}, Status: &StatusREST{&statusStore}}, nil
}

// REST serves edges.
type REST struct {
	*genericregistry.Store
}

var (
	_ rest.StandardStorage    = &REST{}
	_ rest.ShortNamesProvider = &REST{}
	_ rest.CategoriesProvider = &REST{}
)

// ShortNames implements rest.ShortNamesProvider.
func (*REST) ShortNames() []string { return []string{"edge"} }

// Categories implements rest.CategoriesProvider.
func (*REST) Categories() []string { return []string{"omni"} }

// StatusREST serves edges/status from the store of edges.
type StatusREST struct {
	store *genericregistry.Store
}

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
)

// New returns an empty Edge.
func (*StatusREST) New() runtime.Object { return &omni.Edge{} }

// Destroy does nothing: the store belongs to REST.
func (*StatusREST) Destroy() {}

// Get implements rest.Getter; a patch reads before it writes.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update writes the status. It never creates.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc, update rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return r.store.Update(ctx, name, info, create, update, false, options)
}

// GetResetFields implements rest.ResetFieldsStrategy.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable implements rest.TableConvertor.
func (r *StatusREST) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, options)
}
