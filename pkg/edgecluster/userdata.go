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

// UserDataLimit is EC2's bound on user data before encoding, in bytes.
const UserDataLimit = 16 * 1024

// Machine is what user data is made of.
type Machine struct {
	// NodeName of the machine in the edge cluster.
	NodeName string
	// ProviderID and Labels that its kubelet registers with.
	ProviderID string
	Labels     map[string]string
	// Server, CA and BootstrapToken of the edge cluster.
	Server         string
	CA             []byte
	BootstrapToken string
	// Version of the edge cluster, for example v1.37.1: kubelet and kubeadm are
	// installed in the same.
	Version string
}

// installScript puts containerd, kubelet and kubeadm on an Ubuntu machine. Its
// only argument is the Kubernetes version without the v.
//
//go:embed install.sh
var installScript string

const (
	installPath    = "/usr/local/sbin/omni-install"
	joinPath       = "/etc/kubernetes/omni-join.yaml"
	kubeconfigPath = "/etc/kubernetes/omni-bootstrap.kubeconfig"
)

// cloudConfig is the part of cloud-init's schema that is used.
type cloudConfig struct {
	WriteFiles []file     `json:"write_files"`
	RunCommand [][]string `json:"runcmd"`
}

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

// UserData renders the cloud-init input of a machine: install containerd, kubelet
// and kubeadm, then join. It holds no secret but the bootstrap token. Equal input
// gives equal bytes, because a repeated launch must be equal to the first.
func UserData(m Machine) ([]byte, error) {
	release, err := version.ParseSemantic(m.Version)
	if err != nil {
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
	body, err := yaml.Marshal(cloudConfig{
		WriteFiles: []file{
			{installPath, "0700", "root:root", installScript},
			{kubeconfigPath, "0600", "root:root", string(kubeconfig)},
			{joinPath, "0600", "root:root", string(join)},
		},
		RunCommand: [][]string{
			{"bash", installPath, fmt.Sprintf("%d.%d.%d", release.Major(), release.Minor(), release.Patch())},
			{"kubeadm", "join", "--config", joinPath},
			{"rm", "-f", joinPath, kubeconfigPath},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("render the user data: %w", err)
	}
	data := append([]byte("#cloud-config\n"), body...)
	if len(data) > UserDataLimit {
		return nil, fmt.Errorf("user data has %d bytes, more than the limit of %d: shorten the labels of the node template", len(data), UserDataLimit)
	}
	return data, nil
}

func discoveryKubeconfig(m Machine) ([]byte, error) {
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
