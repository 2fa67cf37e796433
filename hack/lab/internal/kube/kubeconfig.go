// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package kube is the lab's client side of a cluster: kubeconfigs, tokens and
// server-side apply.
package kube

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"

	"github.com/castai/omni/hack/lab/internal/pki"
)

// Cluster is an API server and the authority it is verified by.
type Cluster struct {
	// Name is the context's name in the kubeconfigs.
	Name string
	// Server is its URL.
	Server string
	// CA is PEM.
	CA []byte
}

// Credentials are how a kubeconfig authenticates: one of the two.
type Credentials struct {
	// Token is a bearer token.
	Token string
	// Client is a client certificate. It is copied into the kubeconfig, which can
	// be given away as one file then.
	Client pki.Files
}

// WriteKubeconfig writes a kubeconfig with mode 0600. The user is named after
// the file's purpose; namespace may be empty.
func WriteKubeconfig(path string, cluster Cluster, user, namespace string, credentials Credentials) error {
	auth := &api.AuthInfo{Token: credentials.Token}
	if credentials.Token == "" {
		var err error
		if auth.ClientCertificateData, err = os.ReadFile(credentials.Client.Cert); err != nil {
			return fmt.Errorf("client certificate of %s: %w", user, err)
		}
		if auth.ClientKeyData, err = os.ReadFile(credentials.Client.Key); err != nil {
			return fmt.Errorf("client key of %s: %w", user, err)
		}
	}
	return clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{cluster.Name: {Server: cluster.Server, CertificateAuthorityData: cluster.CA}},
		AuthInfos:      map[string]*api.AuthInfo{user: auth},
		Contexts:       map[string]*api.Context{cluster.Name: {Cluster: cluster.Name, AuthInfo: user, Namespace: namespace}},
		CurrentContext: cluster.Name,
	}, path)
}
