// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package product

import (
	"bytes"
	"context"
	_ "embed" // the manifest
	"encoding/base64"
	"fmt"
	"os"
	"text/template"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

//go:embed manifests/aggregation.yaml.tmpl
var aggregationText string

// versions are those of omni.cast.ai with the versionPriority of their APIServices:
// discovery prefers the highest.
var versions = map[string]int{"v1alpha1": 15, "v1beta1": 20}

var aggregation = template.Must(template.New("aggregation").Option("missingkey=error").Parse(aggregationText))

// available bounds the wait for the aggregator, which asks a new APIService at
// once and then every 30 s.
const available = 90 * time.Second

// StartAPIServer brings omni-apiserver up and registers it. The main cluster's
// API has to be there.
func (p *Product) StartAPIServer(ctx context.Context) error {
	if err := p.applyRoles(ctx); err != nil {
		return err
	}
	kubeconfig := p.lab.Path(apiServer, "kubeconfig")
	if err := os.MkdirAll(p.lab.Path(apiServer, "data"), 0o700); err != nil {
		return err
	}
	if err := p.serviceAccountKubeconfig(ctx, apiServer, p.main.Cluster(), kubeconfig); err != nil {
		return err
	}
	serving, err := p.ca.Server(apiServer, apiServer+"."+namespace+".svc")
	if err != nil {
		return err
	}
	err = p.run(ctx, process.Spec{
		Name: apiServer, Tier: process.TierAggregated, Path: p.lab.Binary(apiServer),
		Args: []string{
			"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.lab.Number(layout.OmniAPIServer)),
			"--data-dir=" + p.lab.Path(apiServer, "data"),
			"--tls-cert-file=" + serving.Cert, "--tls-private-key-file=" + serving.Key,
			"--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--cluster-id=" + clusterID, "--public-url=" + p.main.Server(),
			"--controller-url=https://" + p.lab.Address(layout.OmniControllerMetrics), "--controller-ca-file=" + p.ca.CertFile(),
		},
		HealthURL: p.server() + "/readyz", HealthCA: p.ca.CertFile(),
	})
	if err != nil {
		return err
	}
	return p.print.Step(ctx, "main: omni.cast.ai is served", p.aggregate)
}

// server is omni-apiserver's own URL, past the aggregator.
func (p *Product) server() string { return "https://" + p.lab.Address(layout.OmniAPIServer) }

// aggregate registers the API and waits until the aggregator reaches it.
func (p *Product) aggregate(ctx context.Context) error {
	var manifests bytes.Buffer
	err := aggregation.Execute(&manifests, map[string]any{
		"CABundle": base64.StdEncoding.EncodeToString(p.ca.CertPEM()),
		"Port":     p.lab.Number(layout.OmniAPIServer),
		"Versions": versions,
	})
	if err != nil {
		return err
	}
	if err := p.main.Client().ApplyManifests(ctx, manifests.Bytes()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, available)
	defer cancel()
	services := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	for version := range versions {
		if err := p.main.Client().WaitForCondition(ctx, services, version+".omni.cast.ai", "Available"); err != nil {
			return err
		}
	}
	return nil
}

// omniCluster is omni-apiserver as a kubeconfig names it.
func (p *Product) omniCluster() kube.Cluster {
	return kube.Cluster{Name: "omni", Server: p.server(), CA: p.ca.CertPEM()}
}
