// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package storage keeps EdgeLocations in etcd and serves their endpoints.
package storage

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/registry/endpoint"
	"github.com/castai/omni/pkg/registry/omni/edgelocation"
	"github.com/castai/omni/pkg/registry/text"
)

// Storage is every endpoint of edgelocations.
type Storage struct {
	EdgeLocation   *endpoint.REST
	Status         *endpoint.StatusREST
	OnboardScript  *OnboardScriptREST
	OffboardScript *OffboardScriptREST
	Onboarding     *OnboardingREST
}

// NewStorage opens the store of edgelocations and returns their endpoints.
func NewStorage(optsGetter generic.RESTOptionsGetter, config OnboardConfig) (*Storage, error) {
	strategy := edgelocation.NewStrategy(scheme.Scheme)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &omni.EdgeLocation{} },
		NewListFunc:               func() runtime.Object { return &omni.EdgeLocationList{} },
		DefaultQualifiedResource:  omni.Resource("edgelocations"),
		SingularQualifiedResource: omni.Resource("edgelocation"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		PredicateFunc:             edgelocation.Selectable.Predicate,
		TableConvertor:            columns,
	}
	if err := store.CompleteWithOptions(edgelocation.Selectable.StoreOptions(optsGetter)); err != nil {
		return nil, fmt.Errorf("open the store of edgelocations: %w", err)
	}
	status := endpoint.NewStatusREST(store, edgelocation.NewStatusStrategy(scheme.Scheme))
	onboardingStore := *store
	onboardingStore.UpdateStrategy = edgelocation.NewOnboardingStrategy(strategy)
	return &Storage{
		EdgeLocation:   endpoint.NewREST(store, "el", "eloc"),
		Status:         status,
		OnboardScript:  &OnboardScriptREST{Metadata: text.ShellScript, status: status, config: config},
		OffboardScript: &OffboardScriptREST{Metadata: text.ShellScript, locations: store, config: config},
		Onboarding:     &OnboardingREST{store: &onboardingStore, config: config},
	}, nil
}
