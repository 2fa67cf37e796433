// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"path/filepath"

	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/pki"
)

// certificates are a plane's files, three authorities as kubeadm has them.
type certificates struct {
	ca, caKey, frontProxyCA, etcdCA string
	caPEM                           []byte

	apiServer, serving, kubeletClient pki.Files
	frontProxyClient                  pki.Files
	etcdServer, etcdClient            pki.Files
	serviceAccounts                   pki.Files
}

// preparePKI makes the certificates and the kubeconfigs that hold some of them.
func (p *Plane) preparePKI() error {
	dir := filepath.Join(p.dir, "pki")
	ca, err := pki.NewAuthority(dir, "ca")
	if err != nil {
		return err
	}
	frontProxy, err := pki.NewAuthority(dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	etcd, err := pki.NewAuthority(dir, "etcd-ca")
	if err != nil {
		return err
	}
	p.pki = certificates{
		ca: ca.CertFile(), caKey: ca.KeyFile(), caPEM: ca.CertPEM(),
		frontProxyCA: frontProxy.CertFile(), etcdCA: etcd.CertFile(),
	}
	for _, make := range []struct {
		files *pki.Files
		sign  func() (pki.Files, error)
	}{
		{&p.pki.apiServer, func() (pki.Files, error) {
			return ca.Server("kube-apiserver", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
		}},
		{&p.pki.serving, func() (pki.Files, error) { return ca.Server("serving") }},
		{&p.pki.kubeletClient, func() (pki.Files, error) {
			return ca.Client("kubelet-client", "kube-apiserver-kubelet-client", "system:masters")
		}},
		{&p.pki.frontProxyClient, func() (pki.Files, error) { return frontProxy.Client("front-proxy-client", "front-proxy-client") }},
		{&p.pki.etcdServer, func() (pki.Files, error) { return etcd.Server("etcd") }},
		{&p.pki.etcdClient, func() (pki.Files, error) { return etcd.Client("etcd-client", "kube-apiserver-etcd-client") }},
		{&p.pki.serviceAccounts, func() (pki.Files, error) { return pki.KeyPair(dir, "service-accounts") }},
	} {
		if *make.files, err = make.sign(); err != nil {
			return err
		}
	}
	return p.writeKubeconfigs(ca)
}

// writeKubeconfigs writes one for each user of the cluster that is no ServiceAccount.
func (p *Plane) writeKubeconfigs(ca *pki.Authority) error {
	type user struct {
		path, name, namespace string
		groups                []string
	}
	users := []user{
		{path: p.Admin, name: "admin", groups: []string{"system:masters"}},
		{path: p.kubeconfig("controller-manager"), name: "system:kube-controller-manager"},
		{path: p.kubeconfig("scheduler"), name: "system:kube-scheduler"},
		// kwok stands in for every kubelet and writes status, leases and deletions of
		// any Node: no role of Kubernetes has just that.
		{path: p.kubeconfig("kwok"), name: "kwok", groups: []string{"system:masters"}},
	}
	for _, team := range p.variation.teams {
		path := filepath.Join(filepath.Dir(p.Admin), team+".kubeconfig")
		users = append(users, user{path: path, name: team, namespace: team, groups: []string{team}})
	}
	for _, u := range users {
		files, err := ca.Client("client-"+filepath.Base(u.path), u.name, u.groups...)
		if err != nil {
			return err
		}
		if err := kube.WriteKubeconfig(u.path, p.Cluster(), u.name, u.namespace, kube.Credentials{Client: files}); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plane) kubeconfig(name string) string { return filepath.Join(p.dir, name+".kubeconfig") }
