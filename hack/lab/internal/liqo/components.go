// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package liqo

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/pki"
	"github.com/castai/omni/hack/lab/internal/process"
)

// common are the flags of every Liqo program here. Metrics are off: two programs
// have the same default port.
func common(clusterID string) []string {
	return []string{"--cluster-id=" + clusterID, "--metrics-address=0"}
}

func (i *Installation) webhook(main *controlplane.Plane) process.Spec {
	return i.spec(main, "liqo-webhook", "webhook", i.health(layout.LiqoWebhookHealth), append(common(MainClusterID),
		"--liqo-namespace="+namespace,
		fmt.Sprintf("--webhook-port=%d", i.lab.Number(layout.LiqoWebhook)),
		"--health-probe-address="+i.lab.Address(layout.LiqoWebhookHealth),
		"--vk-options-default-template="+namespace+"/virtual-kubelet-default",
		"--podcidr=10.10.0.0/16"))
}

func (i *Installation) mainControllers(main *controlplane.Plane) process.Spec {
	return i.controllers(main, MainClusterID, layout.LiqoMainWebhook, layout.LiqoMainHealth)
}

func (i *Installation) edgeControllers(edge *controlplane.Plane) process.Spec {
	return i.controllers(edge, EdgeClusterID, layout.LiqoEdgeWebhook, layout.LiqoEdgeHealth)
}

func (i *Installation) controllers(plane *controlplane.Plane, clusterID string, webhook, healthPort layout.Port) process.Spec {
	return i.spec(plane, plane.Name+"-liqo-controller-manager", "liqo-controller-manager", i.health(healthPort), append(common(clusterID),
		"--liqo-namespace="+namespace,
		"--networking-enabled=false", "--enable-api-server-ip-remapping=false",
		fmt.Sprintf("--webhook-port=%d", i.lab.Number(webhook)),
		"--health-probe-address="+i.lab.Address(healthPort),
		"--api-server-address-override="+plane.Server(),
		// Only for resources that a slice does not name; ours name all of them.
		"--default-node-resources=cpu=4", "--default-node-resources=memory=8Gi", "--default-node-resources=pods=110",
		"--foreign-cluster-ping-interval=5s"))
}

// replicator has no health endpoint.
func (i *Installation) replicator(main *controlplane.Plane) process.Spec {
	return i.spec(main, "liqo-crd-replicator", "crd-replicator", "", common(MainClusterID))
}

// virtualKubelets is the lab itself, as what runs the virtual kubelets.
func (i *Installation) virtualKubelets(main *controlplane.Plane) process.Spec {
	return process.Spec{
		Name: "vkrunner", Tier: process.TierAggregated, Path: i.lab.Binary("lab"),
		Args: []string{
			"vkrunner",
			"--kubeconfig=" + main.Admin,
			"--virtual-kubelet=" + filepath.Join(i.bin, "virtual-kubelet"),
			"--log-dir=" + i.lab.Path("log"),
			"--state-dir=" + i.lab.Path("main", "virtual-kubelets"),
		},
	}
}

func (i *Installation) spec(plane *controlplane.Plane, name, program, health string, args []string) process.Spec {
	return process.Spec{
		Name: name, Tier: process.TierExtension, Path: filepath.Join(i.bin, program), Args: args,
		// controller-runtime looks for serving certificates below TMPDIR.
		Env:       []string{"KUBECONFIG=" + plane.Admin, "TMPDIR=" + i.tmpDir()},
		HealthURL: health,
	}
}

func (i *Installation) health(port layout.Port) string {
	return "http://" + i.lab.Address(port) + "/readyz"
}

func (i *Installation) tmpDir() string { return i.lab.Path("liqo") }

// webhookCertificate puts a serving certificate where controller-runtime looks
// for it by default: <tmp>/k8s-webhook-server/serving-certs/tls.{crt,key}.
func (i *Installation) webhookCertificate() error {
	ca, err := pki.NewAuthority(i.lab.PKI(), "lab-ca")
	if err != nil {
		return err
	}
	files, err := ca.Server("liqo-webhook")
	if err != nil {
		return err
	}
	dir := filepath.Join(i.tmpDir(), "k8s-webhook-server", "serving-certs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for link, target := range map[string]string{"tls.crt": files.Cert, "tls.key": files.Key} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}
