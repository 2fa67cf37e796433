// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package rest wires the endpoints of the omni.cast.ai group together.
package rest

import (
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/catalog"
	edgestorage "github.com/castai/omni/pkg/registry/omni/edge/storage"
	edgelocationstorage "github.com/castai/omni/pkg/registry/omni/edgelocation/storage"
	nodetemplatestorage "github.com/castai/omni/pkg/registry/omni/nodetemplate/storage"
)

// NewAPIGroupInfo opens the stores and returns every version of the group.
func NewAPIGroupInfo(optsGetter generic.RESTOptionsGetter, onboard edgelocationstorage.OnboardConfig, machines edgestorage.Machines, catalog *catalog.Catalog) (genericapiserver.APIGroupInfo, error) {
	info := genericapiserver.NewDefaultAPIGroupInfo(omni.GroupName, scheme.Scheme, scheme.ParameterCodec, scheme.Codecs)
	locations, err := edgelocationstorage.NewStorage(optsGetter, onboard)
	if err != nil {
		return info, err
	}
	templates, err := nodetemplatestorage.NewStorage(optsGetter, locations.EdgeLocation, catalog, onboard.Clock)
	if err != nil {
		return info, err
	}
	edges, err := edgestorage.NewStorage(optsGetter, machines)
	if err != nil {
		return info, err
	}
	storage := map[string]rest.Storage{
		"edgelocations":                 locations.EdgeLocation,
		"edgelocations/status":          locations.Status,
		"edgelocations/onboard-script":  locations.OnboardScript,
		"edgelocations/offboard-script": locations.OffboardScript,
		"edgelocations/onboarding":      locations.Onboarding,
		"nodetemplates":                 templates.NodeTemplate,
		"nodetemplates/status":          templates.Status,
		"nodetemplates/instances":       templates.Instances,
		"edges":                         edges.Edge,
		"edges/status":                  edges.Status,
		"edges/console-output":          edges.ConsoleOutput,
		"edges/join-command":            edges.JoinCommand,
	}
	// All versions share the stores: there is one watch cache a resource.
	for _, version := range info.PrioritizedVersions {
		info.VersionedResourcesStorageMap[version.Version] = storage
	}
	return info, nil
}
