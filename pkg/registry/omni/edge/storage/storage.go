// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package storage keeps Edges in etcd and serves their endpoints.
package storage

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/registry/endpoint"
	"github.com/castai/omni/pkg/registry/omni/edge"
	"github.com/castai/omni/pkg/registry/text"
)

// Storage is every endpoint of edges.
type Storage struct {
	Edge          *endpoint.REST
	Status        *endpoint.StatusREST
	ConsoleOutput *ConsoleOutputREST
	JoinCommand   *JoinCommandREST
}

// NewStorage opens the store of edges and returns their endpoints. Without machines,
// console-output and join-command answer how to set them up.
func NewStorage(optsGetter generic.RESTOptionsGetter, machines Machines) (*Storage, error) {
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
		PredicateFunc:             edge.Selectable.Predicate,
		TableConvertor:            columns,
	}
	if err := store.CompleteWithOptions(edge.Selectable.StoreOptions(optsGetter)); err != nil {
		return nil, fmt.Errorf("open the store of edges: %w", err)
	}
	status := endpoint.NewStatusREST(store, edge.NewStatusStrategy(scheme.Scheme))
	return &Storage{
		Edge:          endpoint.NewREST(store, "edge"),
		Status:        status,
		ConsoleOutput: &ConsoleOutputREST{Metadata: text.Plain, edges: store, machines: machines},
		JoinCommand:   &JoinCommandREST{edges: store, machines: machines},
	}, nil
}
