// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/http"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig leads where a configuration does: whatever flags it came from, the
// kubectl of a script asks the same cluster as the same user. That certificates are
// not verified is not passed on.
func Kubeconfig(config *rest.Config) (*clientcmdapi.Config, error) {
	config = rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, err
	}
	cluster := &clientcmdapi.Cluster{
		Server: config.Host, TLSServerName: config.ServerName, CertificateAuthorityData: config.CAData, DisableCompression: config.DisableCompression,
	}
	if config.Proxy != nil {
		request, err := http.NewRequest(http.MethodGet, config.Host, http.NoBody) //nolint:noctx // it is not sent
		if err != nil {
			return nil, err
		}
		proxy, err := config.Proxy(request)
		if err != nil {
			return nil, err
		}
		if proxy != nil {
			cluster.ProxyURL = proxy.String()
		}
	}
	user := &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData, ClientKeyData: config.KeyData,
		Token: config.BearerToken, TokenFile: config.BearerTokenFile, Username: config.Username, Password: config.Password,
		Impersonate: config.Impersonate.UserName, ImpersonateUID: config.Impersonate.UID,
		ImpersonateGroups: config.Impersonate.Groups, ImpersonateUserExtra: config.Impersonate.Extra,
		AuthProvider: config.AuthProvider, Exec: config.ExecProvider,
	}
	const name = "main"
	out := clientcmdapi.NewConfig()
	out.Clusters[name], out.AuthInfos[name] = cluster, user
	out.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	out.CurrentContext = name
	return out, nil
}
