// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package registrytest gives the tests of stores a real etcd.
package registrytest

import (
	"testing"

	"k8s.io/apiserver/pkg/registry/generic"
	etcd3testing "k8s.io/apiserver/pkg/storage/etcd3/testing"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/scheme"
)

// RESTOptions returns the options of a store of the resource on an etcd that
// ends with the test.
func RESTOptions(t testing.TB, resource string) generic.RESTOptions {
	t.Helper()
	server, config := etcd3testing.NewUnsecuredEtcd3TestClientServer(t)
	t.Cleanup(func() { server.Terminate(t) })
	config.EventsHistoryWindow = storagebackend.DefaultEventsHistoryWindow
	config.Codec = scheme.Codecs.LegacyCodec(v1beta1.SchemeGroupVersion)
	return generic.RESTOptions{
		StorageConfig:           config.ForResource(omni.Resource(resource)),
		Decorator:               generic.UndecoratedStorage,
		DeleteCollectionWorkers: 1,
		ResourcePrefix:          resource,
	}
}
