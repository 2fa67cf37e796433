// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
)

// Machine is what the machine of an Edge is told when it boots.
type Machine struct {
	// Provider is the cloud of the machine.
	Provider v1beta1.CloudProvider
	// GPU: the machine has NVIDIA GPUs, for which it needs a driver.
	GPU bool
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
	// UserData is spec.nodeDefaults.userData; may be empty.
	UserData string
}

// cloudConfig is the part of cloud-init's schema that is used.
type cloudConfig struct {
	WriteFiles []file     `json:"write_files"`
	RunCommand [][]string `json:"runcmd"`
}

// UserData renders the cloud-init input of a machine: install containerd, kubelet
// and kubeadm, then join. It holds no secret but the bootstrap token. Equal input
// gives equal bytes, because a repeated launch must be equal to the first. A
// *cloud.Error says that the cloud takes no such input.
func UserData(m Machine) ([]byte, error) {
	on, ok := platforms[m.Provider]
	if !ok {
		return nil, fmt.Errorf("machines of provider %q have no user data", m.Provider)
	}
	config, err := on.cloudConfig(&m)
	if err != nil {
		return nil, err
	}
	body, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("render the user data: %w", err)
	}
	data := append([]byte("#cloud-config\n"), body...)
	if m.UserData != "" {
		if data, err = multipart(m.UserData, data); err != nil {
			return nil, err
		}
	}
	return on.fit(data, len(m.UserData))
}

// cloudConfig is what a machine does on this platform. The commands are lines of
// one script of sh: the first that fails ends it, so that no machine joins that
// is not as it should be, and the token is deleted in any case.
func (on *platform) cloudConfig(m *Machine) (*cloudConfig, error) {
	files, err := joinFiles(m)
	if err != nil {
		return nil, err
	}
	install := []string{"bash", installPath, release(m.Version)}
	if m.GPU {
		install = append(install, "gpu")
	}
	config := &cloudConfig{WriteFiles: files, RunCommand: [][]string{
		{"set", "-e"},
		{"trap", "rm -f " + joinPath + " " + kubeconfigPath, "EXIT"},
		install,
	}}
	config.WriteFiles = append(config.WriteFiles, on.files...)
	config.RunCommand = append(config.RunCommand, on.commands...)
	config.RunCommand = append(config.RunCommand, []string{"kubeadm", "join", "--config", joinPath})
	return config, nil
}

// tooLong says that user data does not fit, and what may be shortened.
func tooLong(on *platform, size, own int) error {
	remedy := "shorten spec.labels of the node template"
	if own > 0 {
		remedy = fmt.Sprintf("shorten spec.nodeDefaults.userData of the edge location, which has %d bytes", own)
	}
	return &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
		"spec.nodeDefaults.userData: with what OMNI adds, the user data has %d bytes%s; %s takes at most %d: %s",
		size, on.measured, on.name, on.limit, remedy)}
}
