// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package product runs OMNI itself beside the main cluster: its API server,
// aggregated through a real APIService, and its controller, each under its own
// ServiceAccount, so that the roles that are shipped are the ones proven.
package product

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/pki"
	"github.com/castai/omni/hack/lab/internal/process"
	"github.com/castai/omni/hack/lab/internal/progress"
)

const (
	namespace  = "omni-system"
	apiServer  = "omni-apiserver"
	controller = "omni-controller"
	// clusterID is the main cluster's in the tags of everything bought for it.
	clusterID = "lab-main"
)

// Product is OMNI of one lab.
type Product struct {
	lab   layout.Lab
	main  *controlplane.Plane
	ca    *pki.Authority
	print *progress.Printer
}

// New returns the Product on the main cluster.
func New(lab layout.Lab, main *controlplane.Plane, print *progress.Printer) (*Product, error) {
	ca, err := pki.NewAuthority(lab.PKI(), "lab-ca")
	return &Product{lab: lab, main: main, ca: ca, print: print}, err
}

// applyRoles applies what the product ships: its namespace, ServiceAccounts and
// roles.
func (p *Product) applyRoles(ctx context.Context) error {
	dir := filepath.Join(p.lab.Root, "artifacts", "deploy", "rbac")
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	return p.print.Step(ctx, "main: OMNI's roles", func(ctx context.Context) error {
		var all []byte
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			all = append(append(all, data...), "\n---\n"...)
		}
		if err := p.main.Client().ApplyManifests(ctx, all); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		return nil
	})
}

// serviceAccountKubeconfig writes a kubeconfig with a token of the ServiceAccount.
func (p *Product) serviceAccountKubeconfig(ctx context.Context, serviceAccount string, cluster kube.Cluster, path string) error {
	token, err := p.main.Client().Token(ctx, namespace, serviceAccount)
	if err != nil {
		return err
	}
	user := fmt.Sprintf("system:serviceaccount:%s:%s", namespace, serviceAccount)
	return kube.WriteKubeconfig(path, cluster, user, namespace, kube.Credentials{Token: token})
}

func (p *Product) run(ctx context.Context, spec process.Spec) error {
	return p.print.Step(ctx, spec.Name, func(ctx context.Context) error { return p.lab.Table().Run(ctx, spec) })
}
