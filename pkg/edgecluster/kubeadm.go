// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"
)

// installScript puts containerd, kubelet and kubeadm on an Ubuntu machine. Its
// arguments are the Kubernetes version without the v, and gpu for one with GPUs.
//
//go:embed install.sh
var installScript string

const (
	installPath    = "/usr/local/sbin/omni-install"
	joinPath       = "/etc/kubernetes/omni-join.yaml"
	kubeconfigPath = "/etc/kubernetes/omni-bootstrap.kubeconfig"
)

// file is written before anything is run.
type file struct {
	Path        string `json:"path"`
	Permissions string `json:"permissions"`
	Owner       string `json:"owner"`
	Content     string `json:"content"`
}

// joinConfiguration is the part of kubeadm.k8s.io/v1beta4 JoinConfiguration that
// is used; kubeadm's own package is not importable outside k8s.io/kubernetes.
type joinConfiguration struct {
	APIVersion       string           `json:"apiVersion"`
	Kind             string           `json:"kind"`
	Discovery        discoverySection `json:"discovery"`
	NodeRegistration nodeRegistration `json:"nodeRegistration"`
}

type discoverySection struct {
	File              fileDiscovery `json:"file"`
	TLSBootstrapToken string        `json:"tlsBootstrapToken"`
}

type fileDiscovery struct {
	KubeConfigPath string `json:"kubeConfigPath"`
}

type nodeRegistration struct {
	Name             string     `json:"name"`
	CRISocket        string     `json:"criSocket"`
	KubeletExtraArgs []argument `json:"kubeletExtraArgs"`
	// Taints is empty, not absent: absent means the control plane's taint.
	Taints []string `json:"taints"`
}

type argument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// joinFiles are what kubeadm join needs, and the script that installs it. Those
// with the token in them are for root alone.
func joinFiles(m *Machine) ([]file, error) {
	if _, err := version.ParseSemantic(m.Version); err != nil {
		return nil, fmt.Errorf("version of the edge cluster: %w", err)
	}
	kubeconfig, err := discoveryKubeconfig(m)
	if err != nil {
		return nil, err
	}
	join, err := yaml.Marshal(joinConfiguration{
		APIVersion: "kubeadm.k8s.io/v1beta4", Kind: "JoinConfiguration",
		Discovery: discoverySection{File: fileDiscovery{kubeconfigPath}, TLSBootstrapToken: m.BootstrapToken},
		NodeRegistration: nodeRegistration{
			Name: m.NodeName, CRISocket: "unix:///run/containerd/containerd.sock",
			KubeletExtraArgs: []argument{
				{Name: "node-labels", Value: labelArgument(m.Labels)},
				{Name: "provider-id", Value: m.ProviderID},
			},
			Taints: []string{},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("render the kubeadm configuration: %w", err)
	}
	return []file{
		{installPath, "0700", "root:root", installScript},
		{kubeconfigPath, "0600", "root:root", string(kubeconfig)},
		{joinPath, "0600", "root:root", string(join)},
	}, nil
}

// release is a version that joinFiles has accepted, as packages are numbered:
// 1.37.1 for v1.37.1-eks-5.
func release(semantic string) string {
	v := version.MustParseSemantic(semantic)
	return fmt.Sprintf("%d.%d.%d", v.Major(), v.Minor(), v.Patch())
}

func discoveryKubeconfig(m *Machine) ([]byte, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["edge"] = &clientcmdapi.Cluster{Server: m.Server, CertificateAuthorityData: m.CA}
	config.Contexts["edge"] = &clientcmdapi.Context{Cluster: "edge"}
	config.CurrentContext = "edge"
	out, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("render the discovery kubeconfig: %w", err)
	}
	return out, nil
}

func labelArgument(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}
