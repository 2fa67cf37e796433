// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// namespace holds all objects of a run.
const namespace = "bench"

// acceptTable is how kubectl asks for a table.
const acceptTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// The names of the targets.
const (
	omni       = "omni"       // omni-apiserver, asked directly
	aggregated = "aggregated" // omni-apiserver, through the aggregator of kube-apiserver
	crd        = "crd"        // the CRD of the same schema in kube-apiserver
)

// target is one way in which Edges are served.
type target struct {
	name  string
	group string
	// admin is the cluster's administrator, whom every server knows by a group;
	// team is a user who may work with edges by a RoleBinding.
	admin, team *rest.Config
}

// client is one client with a connection of its own.
type client struct {
	*rest.RESTClient
	edges string // the path of the collection
}

// newClient connects as the user of config, without a throttle and in JSON.
func (t target) newClient(config *rest.Config) (*client, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.ContentType = runtime.ContentTypeJSON
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.WarningHandler = rest.NoWarnings{}
	// client-go shares connections between clients of the same configuration,
	// unless they dial by themselves.
	config.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	c, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, err
	}
	path := "/apis/" + t.group + "/" + v1beta1.SchemeGroupVersion.Version + "/namespaces/" + namespace + "/edges"
	return &client{c, path}, nil
}

// newClients connects n times.
func (t target) newClients(config *rest.Config, n int) ([]*client, error) {
	clients := make([]*client, n)
	for i := range clients {
		var err error
		if clients[i], err = t.newClient(config); err != nil {
			return nil, err
		}
	}
	return clients, nil
}

// post creates an object under an absolute path. Parameters come in pairs.
func (c *client) post(ctx context.Context, path string, body []byte, params ...string) error {
	return send(ctx, c.Post().AbsPath(path).SetHeader("Content-Type", runtime.ContentTypeJSON).Body(body), params)
}

func (c *client) create(ctx context.Context, body []byte, params ...string) error {
	return c.post(ctx, c.edges, body, append(params, "fieldManager", "omni-controller")...)
}

// patch merges body into an Edge, or into one of its subresources unless that is
// empty.
func (c *client) patch(ctx context.Context, body []byte, name, subresource string, params ...string) error {
	request := c.Patch(types.MergePatchType).AbsPath(c.edges, name, subresource).Body(body)
	return send(ctx, request, append(params, "fieldManager", "omni-controller"))
}

func send(ctx context.Context, request *rest.Request, params []string) error {
	for i := 0; i < len(params); i += 2 {
		request.Param(params[i], params[i+1])
	}
	return request.Do(ctx).Error()
}

func (c *client) get(ctx context.Context, name string) error {
	_, err := raw(c.Get().AbsPath(c.edges, name).Do(ctx))
	return err
}

// list returns the bytes of the whole collection.
func (c *client) list(ctx context.Context, accept string) ([]byte, error) {
	return raw(c.Get().AbsPath(c.edges).SetHeader("Accept", accept).Do(ctx))
}

// raw is the body of an answer, or what the server says is wrong: the error of
// Raw is only that something is.
func raw(result rest.Result) ([]byte, error) {
	body, _ := result.Raw()
	return body, result.Error()
}
