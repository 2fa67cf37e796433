// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package liqo runs Liqo as plain processes beside both clusters, without its
// network: what the Helm chart would install, cut down to what a one-way peering
// needs. CRDs and role rules come from Liqo's own module.
package liqo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/yaml"

	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// namespace is where Liqo lives in both clusters.
const namespace = "liqo"

// The clusters' identities in Liqo.
const (
	MainClusterID = "main"
	EdgeClusterID = "edge-usw2"
)

// roles of the chart. The provider's reconcilers look up the first three by
// label; the last is what a virtual kubelet may do in main.
var (
	remoteRoles = []string{"remote-controlplane", "virtual-kubelet-remote", "virtual-kubelet-remote-clusterwide"}
	localRoles  = []string{"virtual-kubelet-local"}
)

// Installation is Liqo of one lab.
type Installation struct {
	lab    layout.Lab
	bin    string // the directory of Liqo's programs
	source string // Liqo's source
	print  *progress.Printer
	crds   func() ([]*unstructured.Unstructured, error)
}

// New returns an Installation; bin holds Liqo's programs and source its module.
func New(lab layout.Lab, bin, source string, print *progress.Printer) *Installation {
	i := &Installation{lab: lab, bin: bin, source: source, print: print}
	i.crds = sync.OnceValues(i.readCRDs) // read once for both clusters
	return i
}

// StartMain installs the consumer: main's webhook, controllers, the replicator
// and what runs the virtual kubelets.
func (i *Installation) StartMain(ctx context.Context, main *controlplane.Plane) error {
	if err := i.install(ctx, main, MainClusterID, append(localRoles, remoteRoles...)); err != nil {
		return err
	}
	for _, c := range []process.Spec{i.webhook(main), i.mainControllers(main), i.replicator(main), i.virtualKubelets(main)} {
		if err := i.run(ctx, c); err != nil {
			return err
		}
	}
	return i.print.Step(ctx, "main: Liqo's webhooks and defaults", func(ctx context.Context) error {
		return i.register(ctx, main.Client())
	})
}

// StartEdge installs the provider: its controllers are all that is needed.
func (i *Installation) StartEdge(ctx context.Context, edge *controlplane.Plane) error {
	if err := i.install(ctx, edge, EdgeClusterID, remoteRoles); err != nil {
		return err
	}
	return i.run(ctx, i.edgeControllers(edge))
}

// install applies what is the same in both clusters.
func (i *Installation) install(ctx context.Context, plane *controlplane.Plane, clusterID string, roles []string) error {
	if err := i.webhookCertificate(); err != nil {
		return err
	}
	return i.print.Step(ctx, plane.Name+": Liqo's CRDs and roles", func(ctx context.Context) error {
		objects, err := i.clusterRoles(roles)
		if err != nil {
			return err
		}
		objects = append(objects,
			kube.Object(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}),
			kube.Object(&corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{
					Name: "liqo-clusterid-configmap", Namespace: namespace,
					Labels: map[string]string{"app.kubernetes.io/name": "clusterid-configmap", "app.kubernetes.io/part-of": "liqo"},
				},
				Data: map[string]string{"CLUSTER_ID": clusterID},
			}))
		if err := plane.Client().Apply(ctx, objects...); err != nil {
			return err
		}
		crds, err := i.crds()
		if err != nil {
			return err
		}
		return plane.Client().CreateCRDs(ctx, crds)
	})
}

// unused are the kinds that only a gateway of Liqo's network has. They hold whole
// pod templates: half of the 3 MB of CRDs, and of the time to establish them.
var unused = sets.New("wggatewayclients.networking.liqo.io", "wggatewayservers.networking.liqo.io")

func (i *Installation) readCRDs() ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(filepath.Join(i.source, "deployments", "liqo", "charts", "liqo-crds", "crds", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no CRDs in %s: %w", i.source, err)
	}
	var crds []*unstructured.Unstructured
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := kube.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, crd := range objects {
			if !unused.Has(crd.GetName()) {
				crds = append(crds, crd)
			}
		}
	}
	return crds, nil
}

// clusterRoles puts names and the labels that Liqo looks for on the chart's rules.
func (i *Installation) clusterRoles(names []string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(i.source, "deployments", "liqo", "files", "liqo-"+name+"-ClusterRole.yaml"))
		if err != nil {
			return nil, err
		}
		role := &rbacv1.ClusterRole{}
		if err := yaml.UnmarshalStrict(data, role); err != nil {
			return nil, fmt.Errorf("rules of %s: %w", name, err)
		}
		role.ObjectMeta = metav1.ObjectMeta{
			Name:   "liqo-" + name,
			Labels: map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "liqo"},
		}
		objects = append(objects, kube.Object(role))
	}
	return objects, nil
}

func (i *Installation) run(ctx context.Context, spec process.Spec) error {
	return i.print.Step(ctx, spec.Name, func(ctx context.Context) error {
		return i.lab.Table().Run(ctx, spec)
	})
}
