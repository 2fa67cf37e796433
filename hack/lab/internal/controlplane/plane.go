// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a Kubernetes control plane as plain processes on
// loopback, with kwok in place of kubelets.
package controlplane

import (
	"context"
	_ "embed" // the manifests
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// Plane is one cluster's control plane.
type Plane struct {
	// Name is the cluster's, "main" or "edge".
	Name string
	// Admin is the path of the administrator's kubeconfig.
	Admin string

	dir       string
	portBase  int
	fsync     bool
	bin       string // the directory of etcd, kube-apiserver, ...
	table     process.Table
	print     *progress.Printer
	pki       certificates
	client    *kube.Client
	variation variation
}

// variation is what differs between the clusters.
type variation struct {
	apiServerArgs         []string
	controllerManagerArgs []string
	kwokArgs              []string
	stages                string // what kwok plays, YAML
	podCIDR               string
	manifests             []byte
	teams                 []string // who gets a kubeconfig
}

//go:embed manifests/main.yaml
var mainManifests []byte

//go:embed manifests/edge.yaml
var edgeManifests []byte

// NewMain is the cluster that users work with. bin holds the programs.
func NewMain(lab layout.Lab, bin string, print *progress.Printer) *Plane {
	p := newPlane(lab, "main", layout.MainPorts, bin, print)
	p.Admin = lab.AdminKubeconfig()
	p.variation = variation{
		kwokArgs:  []string{"--node-lease-duration-seconds=40"}, // the kubelet's default
		stages:    nodeAndPodStages(),
		podCIDR:   "10.10.0.0/16",
		manifests: mainManifests,
		teams:     []string{"team-a", "team-b"},
	}
	return p
}

// NewEdge is the cluster of an edge location: machines join it by TLS bootstrap
// and send their own heartbeats; kwok plays their pods only.
func NewEdge(lab layout.Lab, bin string, print *progress.Printer) *Plane {
	p := newPlane(lab, "edge", layout.EdgePorts, bin, print)
	p.Admin = lab.EdgeKubeconfig()
	p.variation = variation{
		apiServerArgs: []string{"--enable-bootstrap-token-auth=true"},
		controllerManagerArgs: []string{
			"--controllers=*,bootstrap-signer-controller,token-cleaner-controller",
			"--node-monitor-grace-period=20s", // the default, 50 s, is long to wait for a dead machine
			"--node-monitor-period=2s",
		},
		kwokArgs:  []string{"--node-lease-duration-seconds=0"}, // the machines renew their leases
		stages:    podStages(),
		podCIDR:   "10.20.0.0/16",
		manifests: edgeManifests,
	}
	return p
}

func newPlane(lab layout.Lab, name string, ports int, bin string, print *progress.Printer) *Plane {
	return &Plane{
		Name: name, dir: lab.Path(name), portBase: lab.PortBase + ports, fsync: lab.Fsync,
		bin: bin, table: lab.Table(), print: print,
	}
}

// Client is the administrator's client. It is there once StartAPI has returned.
func (p *Plane) Client() *kube.Client { return p.client }

// Server is the URL of the cluster's API.
func (p *Plane) Server() string { return p.url(portAPI, "") }

// Cluster is how a kubeconfig names it. It is there once StartAPI has returned.
func (p *Plane) Cluster() kube.Cluster {
	return kube.Cluster{Name: p.Name, Server: p.Server(), CA: p.pki.caPEM}
}

// StartAPI brings up etcd and kube-apiserver.
func (p *Plane) StartAPI(ctx context.Context) error {
	if err := p.preparePKI(); err != nil {
		return fmt.Errorf("%s: certificates: %w", p.Name, err)
	}
	if err := p.run(ctx, p.etcd()); err != nil {
		return err
	}
	if err := p.run(ctx, p.apiServer()); err != nil {
		return err
	}
	client, err := kube.NewClient(p.Admin)
	p.client = client
	return err
}

// StartRest brings up all the other components and waits until pods are accepted.
func (p *Plane) StartRest(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.run(ctx, p.scheduler()) })
	group.Go(func() error {
		kwok, err := p.kwok()
		if err != nil {
			return err
		}
		return p.run(ctx, kwok)
	})
	group.Go(func() error {
		if err := p.run(ctx, p.controllerManager()); err != nil {
			return err
		}
		return p.print.Step(ctx, p.Name+": accepts pods", func(ctx context.Context) error {
			return p.client.WaitForServiceAccount(ctx, "default")
		})
	})
	group.Go(func() error {
		return p.print.Step(ctx, p.Name+": nodes, teams and roles", func(ctx context.Context) error {
			return p.client.ApplyManifests(ctx, p.variation.manifests)
		})
	})
	return group.Wait()
}

func (p *Plane) run(ctx context.Context, spec process.Spec) error {
	return p.print.Step(ctx, p.Name+": "+filepath.Base(spec.Path), func(ctx context.Context) error {
		return p.table.Run(ctx, spec)
	})
}
