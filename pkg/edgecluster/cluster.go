// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package edgecluster reaches the Kubernetes cluster of an edge location and
// prepares the machines that join it.
package edgecluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// KubeconfigKey is the key of the kubeconfig in the Secret of an external
// control plane.
const KubeconfigKey = "kubeconfig"

// requestTimeout bounds every call to an edge cluster, which is far away and may
// be gone: a call that never returns would hold a worker for ever.
const requestTimeout = 15 * time.Second

// Cluster is the edge cluster of a location.
type Cluster struct {
	// Client reads and writes the edge cluster, uncached.
	Client client.Client
	// Server is the URL of its API, CA the PEM bundle that signs it.
	Server string
	CA     []byte

	discovery discovery.DiscoveryInterface
}

// Connect makes the clients of an edge cluster from a kubeconfig. It sends
// nothing. A kubeconfig from a Secret may not run programs or read files of the
// controller, so credentials and the CA have to be inline.
func Connect(kubeconfig []byte, scheme *runtime.Scheme) (*Cluster, error) {
	raw, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("parse the kubeconfig: %w", err)
	}
	if err := inlineOnly(raw); err != nil {
		return nil, err
	}
	config, err := clientcmd.NewDefaultClientConfig(*raw, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	return connect(config, scheme)
}

func connect(config *rest.Config, scheme *runtime.Scheme) (*Cluster, error) {
	config.Timeout = requestTimeout
	// The default of 5 queries a second is for people.
	config.QPS, config.Burst = 50, 100
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client of the edge cluster: %w", err)
	}
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a discovery client of the edge cluster: %w", err)
	}
	return &Cluster{Client: c, Server: config.Host, CA: config.CAData, discovery: d}, nil
}

func inlineOnly(config *clientcmdapi.Config) error {
	for name, user := range config.AuthInfos {
		if user.Exec != nil || user.AuthProvider != nil {
			return fmt.Errorf("kubeconfig user %q runs a program to sign in: use a token or client-certificate-data", name)
		}
		if user.TokenFile != "" || user.ClientCertificate != "" || user.ClientKey != "" {
			return fmt.Errorf("kubeconfig user %q names files: use inline data (token, client-certificate-data, client-key-data)", name)
		}
	}
	for name, cluster := range config.Clusters {
		if cluster.InsecureSkipTLSVerify {
			return fmt.Errorf("kubeconfig cluster %q has insecure-skip-tls-verify: give certificate-authority-data instead", name)
		}
		if cluster.CertificateAuthority != "" || len(cluster.CertificateAuthorityData) == 0 {
			return fmt.Errorf("kubeconfig cluster %q needs certificate-authority-data: machines that join are told this CA", name)
		}
	}
	return nil
}

// Facts are what an edge cluster says about itself.
type Facts struct {
	// Version of Kubernetes, for example v1.37.1.
	Version string
	// LiqoClusterID identifies the cluster to Liqo.
	LiqoClusterID string
}

// liqoClusterIDConfigMap is where Liqo's chart keeps the identity of a cluster.
var liqoClusterIDConfigMap = client.ObjectKey{Namespace: "liqo", Name: "liqo-clusterid-configmap"}

// NotInstalledError says that something the edge cluster needs is not on it.
type NotInstalledError struct{ What string }

// Error names what is missing.
func (e *NotInstalledError) Error() string { return e.What + " is not installed on the cluster" }

// Probe asks the edge cluster who it is. It returns a *NotInstalledError when
// Liqo is not there.
func (c *Cluster) Probe(ctx context.Context) (Facts, error) {
	version, err := c.discovery.ServerVersion()
	if err != nil {
		return Facts{}, fmt.Errorf("ask the edge cluster for its version: %w", err)
	}
	id, err := LiqoClusterID(ctx, c.Client)
	if err != nil {
		return Facts{}, err
	}
	return Facts{Version: version.GitVersion, LiqoClusterID: id}, nil
}

// LiqoClusterID returns the identity of a cluster to Liqo. It returns a
// *NotInstalledError when Liqo is not there.
func LiqoClusterID(ctx context.Context, c client.Reader) (string, error) {
	var cm corev1.ConfigMap
	err := c.Get(ctx, liqoClusterIDConfigMap, &cm)
	if apierrors.IsNotFound(err) || err == nil && cm.Data["CLUSTER_ID"] == "" {
		return "", &NotInstalledError{What: "Liqo"}
	}
	if err != nil {
		return "", fmt.Errorf("read Liqo's cluster ID: %w", err)
	}
	return cm.Data["CLUSTER_ID"], nil
}
