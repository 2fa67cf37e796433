// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package standalone

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// users get a kubeconfig each: an administrator and two teams, each in the group
// and by default in the namespace of its name.
var users = []struct {
	name, namespace string
	groups          []string
}{
	{name: "admin", namespace: "default"},
	{name: "team-a", namespace: "team-a", groups: []string{"team-a"}},
	{name: "team-b", namespace: "team-b", groups: []string{"team-b"}},
}

// Kubeconfig is the file of a user in the data directory.
func Kubeconfig(dir, user string) string { return filepath.Join(dir, user+".kubeconfig") }

// WriteKubeconfigs writes those of all users, with new client certificates.
func (h *Home) WriteKubeconfigs(server string) error {
	for _, user := range users {
		pair, err := h.ca.Client(user.name, user.groups, h.clock.Now(), leafLifetime)
		if err != nil {
			return err
		}
		const cluster = "omni"
		config := clientcmdapi.NewConfig()
		config.Clusters[cluster] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: h.CABundle()}
		config.AuthInfos[user.name] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Cert, ClientKeyData: pair.Key}
		config.Contexts[user.name] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user.name, Namespace: user.namespace}
		config.CurrentContext = user.name
		content, err := clientcmd.Write(*config)
		if err != nil {
			return err
		}
		if err := writePrivate(Kubeconfig(h.dir, user.name), content); err != nil {
			return fmt.Errorf("the kubeconfig of %s: %w", user.name, err)
		}
	}
	return nil
}
