// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package storage keeps NodeTemplates in etcd and serves their endpoints.
package storage

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/registry/endpoint"
	"github.com/castai/omni/pkg/registry/omni/nodetemplate"
)

// Storage is every endpoint of nodetemplates.
type Storage struct {
	NodeTemplate *endpoint.REST
	Status       *endpoint.StatusREST
	Instances    *InstancesREST
}

// NewStorage opens the store of nodetemplates and returns their endpoints. The
// locations a template resolves to are read from locations; clk tells how old the
// prices are.
func NewStorage(optsGetter generic.RESTOptionsGetter, locations rest.Lister, catalog *catalog.Catalog, clk clock.PassiveClock) (*Storage, error) {
	strategy := nodetemplate.NewStrategy(scheme.Scheme)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &omni.NodeTemplate{} },
		NewListFunc:               func() runtime.Object { return &omni.NodeTemplateList{} },
		DefaultQualifiedResource:  omni.Resource("nodetemplates"),
		SingularQualifiedResource: omni.Resource("nodetemplate"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		PredicateFunc:             nodetemplate.Selectable.Predicate,
		TableConvertor:            columns,
	}
	if err := store.CompleteWithOptions(nodetemplate.Selectable.StoreOptions(optsGetter)); err != nil {
		return nil, fmt.Errorf("open the store of nodetemplates: %w", err)
	}
	status := endpoint.NewStatusREST(store, nodetemplate.NewStatusStrategy(scheme.Scheme))
	return &Storage{
		NodeTemplate: endpoint.NewREST(store, "nt"),
		Status:       status,
		Instances:    &InstancesREST{templates: store, locations: locations, catalog: catalog, clock: clk},
	}, nil
}
