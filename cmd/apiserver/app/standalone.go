// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/discovery"

	"github.com/castai/omni/pkg/apiserver/standalone"
)

// readyInterval is how often the server is asked whether it is ready: it gives
// no signal to wait for.
const readyInterval = 20 * time.Millisecond

// welcome has the URL, the data directory and a kubeconfig in it.
const welcome = `
omni-apiserver is ready: %s, data in %s

  export KUBECONFIG=%s     # or admin.kubeconfig, team-b.kubeconfig
  kubectl apply -f artifacts/examples/edgelocation.yaml
  kubectl get edgelocations

`

// welcomeWhenReady prints how to use the standalone server, once.
func welcomeWhenReady(server *genericapiserver.GenericAPIServer, out io.Writer, dataDir string) error {
	return server.AddPostStartHook("standalone-welcome", func(hook genericapiserver.PostStartHookContext) error {
		client, err := discovery.NewDiscoveryClientForConfig(hook.LoopbackClientConfig)
		if err != nil {
			return err
		}
		// The server is ready only after this hook has returned.
		go func() {
			err := wait.PollUntilContextCancel(hook, readyInterval, true, func(ctx context.Context) (bool, error) {
				return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil, nil
			})
			if err == nil {
				fmt.Fprintf(out, welcome, hook.LoopbackClientConfig.Host, dataDir, standalone.Kubeconfig(dataDir, "team-a"))
			}
		}()
		return nil
	})
}
