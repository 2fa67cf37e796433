// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package apiserver is the aggregated API server of the omni.cast.ai group.
package apiserver

import (
	"fmt"

	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/castai/omni/pkg/admission/references"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/offerings"
	"github.com/castai/omni/pkg/apiserver/scheme"
	"github.com/castai/omni/pkg/catalog"
	openapigenerated "github.com/castai/omni/pkg/generated/openapi"
	edgestorage "github.com/castai/omni/pkg/registry/omni/edge/storage"
	edgelocationstorage "github.com/castai/omni/pkg/registry/omni/edgelocation/storage"
	omnirest "github.com/castai/omni/pkg/registry/omni/rest"
	"github.com/castai/omni/pkg/version"
)

// ControllerSubject is the service account of omni-controller, as tokens of the
// main cluster name it: the one the onboarding scripts let into the cloud.
const ControllerSubject = "system:serviceaccount:omni-system:omni-controller"

// Config is what a Server is made of.
type Config struct {
	// Generic configures serving, storage, authentication, authorization and
	// admission. Authorization must be set: a server without an authorizer
	// would allow everything to everybody, so New refuses.
	Generic *genericapiserver.RecommendedConfig
	// Onboard configures on-boarding; its Authorizer is the one of Generic.
	Onboard edgelocationstorage.OnboardConfig
	// Machines answers edges/console-output and edges/join-command; nil: the answer
	// is how to set it up.
	Machines edgestorage.Machines
	// Controller reports what the clouds offer; nil: the catalog stays the snapshot.
	Controller offerings.Controller
}

// NewConfig returns a Config that serves the OpenAPI documents of the group and
// lacks everything that depends on options.
func NewConfig() *Config {
	generic := genericapiserver.NewRecommendedConfig(scheme.Codecs)
	namer := openapi.NewDefinitionNamer(scheme.Scheme)
	generic.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapigenerated.GetOpenAPIDefinitions, namer)
	generic.OpenAPIConfig.Info.Title = "OMNI"
	generic.OpenAPIConfig.Info.Version = version.Get().GitVersion
	generic.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapigenerated.GetOpenAPIDefinitions, namer)
	generic.OpenAPIV3Config.Info.Title = "OMNI"
	generic.OpenAPIV3Config.Info.Version = version.Get().GitVersion
	documents := newDocuments()
	generic.OpenAPIConfig.PostProcessSpec = documents.v2
	generic.OpenAPIV3Config.PostProcessSpec = documents.v3
	generic.BuildHandlerChainFunc = buildHandlerChain
	return &Config{Generic: generic}
}

// New returns a server that serves the group and is not listening yet.
func (c *Config) New() (*genericapiserver.GenericAPIServer, error) {
	if c.Generic.Authorization.Authorizer == nil {
		return nil, fmt.Errorf("the server has no authorizer: set Generic.Authorization")
	}
	// A rule of the API, which no flag switches off.
	references := &references.Plugin{}
	plugins := []admission.Interface{references}
	if c.Generic.AdmissionControl != nil {
		plugins = append(plugins, c.Generic.AdmissionControl)
	}
	c.Generic.AdmissionControl = admission.NewChainHandler(plugins...)
	server, err := c.Generic.Complete().New("omni-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, err
	}
	snapshot, err := catalog.Snapshot()
	if err != nil {
		return nil, err
	}
	onboard := c.Onboard
	onboard.Authorizer = c.Generic.Authorization.Authorizer
	group, err := omnirest.NewAPIGroupInfo(c.Generic.RESTOptionsGetter, onboard, c.Machines, snapshot)
	if err != nil {
		return nil, err
	}
	stores := group.VersionedResourcesStorageMap[v1beta1.SchemeGroupVersion.Version]
	references.Use(stores["edgelocations"].(rest.Getter), stores["nodetemplates"].(rest.Lister))
	group.NegotiatedSerializer = withoutProtobuf{group.NegotiatedSerializer}
	if err := server.InstallAPIGroup(&group); err != nil {
		return nil, err
	}
	// Ready only when the watch caches are filled: kube-apiserver adds this hook to
	// itself, the library does not.
	if err := server.AddPostStartHook("storage-readiness", server.StorageReadinessHook.Hook); err != nil {
		return nil, err
	}
	if c.Controller == nil {
		return server, nil
	}
	follower := &offerings.Follower{Controller: c.Controller, Catalog: snapshot}
	return server, server.AddPostStartHook("catalog", func(hook genericapiserver.PostStartHookContext) error {
		go follower.Run(hook)
		return nil
	})
}
