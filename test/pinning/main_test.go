// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package pinning holds the provisioner and pkg/controller/nomination against a real
// kube-scheduler: do pods go where they were planned? Machines are Nodes that come up
// after a while; there is no cloud and no Liqo.
//
// A lab that is up already (OMNI_E2E_LAB, see package labtest) has the components
// main-api and kubernetes only: the omni-controller of a whole lab would plan for the
// same pods.
package pinning

import (
	"context"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/test/lab/labtest"
)

// mainConfig reaches the main cluster.
var mainConfig *rest.Config

func TestMain(m *testing.M) {
	labtest.Main(m, func(_ context.Context, dir string) (err error) {
		if mainConfig, err = clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig")); err != nil {
			return err
		}
		mainConfig.QPS = -1 // the test waits for the servers, not for its own throttle
		return nil
	}, "--port-base", "31000", "--components", "main-api,kubernetes")
}
