// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodeheartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"

	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

// unplayedNodes matches no Node, for each has a name. kwok v0.8.0 plays the pods
// of those Nodes only that its node controller knows, and it starts that
// controller only when there is a stage for Nodes.
const unplayedNodes = `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: node-unplayed
spec:
  resourceRef:
    apiGroup: v1
    kind: Node
  selector:
    matchExpressions:
    - key: .metadata.name
      operator: DoesNotExist
  next: {}
`

// nodeAndPodStages plays a kubelet: the Node gets and stays ready, its pods run.
func nodeAndPodStages() string {
	return stages(nodefast.DefaultNodeInit, nodeheartbeat.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete)
}

// podStages plays the containers of a machine that is its own kubelet otherwise.
func podStages() string {
	return stages(unplayedNodes, podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete)
}

func stages(documents ...string) string { return strings.Join(documents, "\n---\n") }

// EdgeKubeletPort is where kwok serves the kubelet's API of the edge cluster.
func EdgeKubeletPort(lab layout.Lab) int { return lab.PortBase + layout.EdgePorts + portKwok }

func (p *Plane) kwok() (process.Spec, error) {
	config := filepath.Join(p.dir, "kwok.yaml")
	if err := os.WriteFile(config, []byte(p.variation.stages), 0o600); err != nil {
		return process.Spec{}, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", p.port(portKwok))
	return p.spec("kwok", process.TierCluster, "http://"+address+"/healthz", append([]string{
		"--kubeconfig=" + p.kubeconfig("kwok"), "--config=" + config,
		"--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
		"--cidr=" + p.variation.podCIDR, "--node-ip=127.0.0.1", fmt.Sprintf("--node-port=%d", p.port(portKwok)),
		"--server-address=" + address,
	}, p.variation.kwokArgs...)...), nil
}
