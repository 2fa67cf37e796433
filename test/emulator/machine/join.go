// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
	"sigs.k8s.io/yaml"
)

// join is how a machine joins its cluster.
type join struct {
	nodeName   string
	providerID string
	labels     map[string]string
	taints     []corev1.Taint
	// api is the cluster without credentials; token is the bootstrap token.
	api   *rest.Config
	token string
}

// kubeadmJoin finds the command that joins; the path may be an argument of its own.
var kubeadmJoin = regexp.MustCompile(`(?:^|[\s/])kubeadm\s+join\s+--config[=\s]\s*['"]?([^\s'"]+)`)

// joinConfiguration is the part of kubeadm's JoinConfiguration that is played.
// https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
type joinConfiguration struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Discovery  struct {
		File struct {
			KubeConfigPath string `json:"kubeConfigPath"`
		} `json:"file"`
		TLSBootstrapToken string `json:"tlsBootstrapToken"`
	} `json:"discovery"`
	NodeRegistration struct {
		Name             string `json:"name"`
		CRISocket        string `json:"criSocket"`
		KubeletExtraArgs []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"kubeletExtraArgs"`
		Taints []corev1.Taint `json:"taints"`
	} `json:"nodeRegistration"`
}

// join finds and reads what `kubeadm join --config` would read.
func (b *boot) join() (*join, error) {
	file := ""
	for _, command := range b.commands {
		if m := kubeadmJoin.FindStringSubmatch(command); m != nil {
			file = path.Clean(m[1])
			break
		}
	}
	if file == "" {
		return nil, errors.New("user data: no command of runcmd is kubeadm join --config <path>")
	}
	content, ok := b.files[file]
	if !ok {
		return nil, fmt.Errorf("kubeadm join: %s is not among write_files", file)
	}
	config := joinConfiguration{}
	if err := yaml.UnmarshalStrict(content, &config); err != nil {
		return nil, fmt.Errorf("kubeadm join: %s: %w", file, err)
	}
	if config.APIVersion != "kubeadm.k8s.io/v1beta4" || config.Kind != "JoinConfiguration" {
		return nil, fmt.Errorf("kubeadm join: %s: got %s %s, want kubeadm.k8s.io/v1beta4 JoinConfiguration", file, config.APIVersion, config.Kind)
	}
	return b.resolve(&config)
}

func (b *boot) resolve(config *joinConfiguration) (*join, error) {
	j := &join{
		nodeName: config.NodeRegistration.Name,
		labels:   map[string]string{},
		taints:   config.NodeRegistration.Taints,
		token:    config.Discovery.TLSBootstrapToken,
	}
	if j.nodeName == "" {
		return nil, errors.New("kubeadm join: nodeRegistration.name is empty")
	}
	if !bootstraputil.IsValidBootstrapToken(j.token) {
		return nil, errors.New("kubeadm join: discovery.tlsBootstrapToken is not of the form [a-z0-9]{6}.[a-z0-9]{16}")
	}
	for _, arg := range config.NodeRegistration.KubeletExtraArgs {
		switch arg.Name {
		case "provider-id":
			j.providerID = arg.Value
		case "node-labels":
			if err := j.addLabels(arg.Value); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("kubeadm join: kubeletExtraArgs: %s is not simulated", arg.Name)
		}
	}
	var err error
	j.api, err = b.discover(config.Discovery.File.KubeConfigPath)
	return j, err
}

func (j *join) addLabels(value string) error {
	for pair := range strings.SplitSeq(value, ",") {
		if pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("kubeadm join: kubeletExtraArgs: node-labels: %q is not key=value", pair)
		}
		j.labels[k] = v
	}
	return nil
}

// discover reads the discovery kubeconfig: where the API is and which CA it has.
func (b *boot) discover(file string) (*rest.Config, error) {
	content, ok := b.files[path.Clean(file)]
	if !ok {
		return nil, fmt.Errorf("kubeadm join: discovery.file.kubeConfigPath: %q is not among write_files", file)
	}
	loaded, err := clientcmd.RESTConfigFromKubeConfig(content)
	if err != nil {
		return nil, fmt.Errorf("kubeadm join: %s: %w", file, err)
	}
	switch {
	case !strings.HasPrefix(loaded.Host, "https://"):
		return nil, fmt.Errorf("kubeadm join: %s: the server %q is not https", file, loaded.Host)
	case loaded.Insecure || len(loaded.CAData) == 0:
		return nil, fmt.Errorf("kubeadm join: %s: certificate-authority-data is needed", file)
	}
	return rest.AnonymousClientConfig(loaded), nil
}
