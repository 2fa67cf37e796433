// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"path/filepath"

	"github.com/castai/omni/hack/lab/internal/process"
)

// The ports of a plane, counted from its base.
const (
	portAPI = iota
	portEtcd
	portEtcdPeer
	portEtcdHealth
	portControllerManager
	portScheduler
	portKwok
)

const (
	serviceCIDR = "10.96.0.0/16"
	// issuer is kubeadm's default. Nothing resolves it in a lab: who verifies
	// tokens there takes the keys from the API server.
	issuer = "https://kubernetes.default.svc.cluster.local"
)

func (p *Plane) port(n int) int { return p.portBase + n }

func (p *Plane) url(n int, path string) string {
	return fmt.Sprintf("https://127.0.0.1:%d%s", p.port(n), path)
}

// spec is a program of the plane; health is the URL that says that it is ready.
func (p *Plane) spec(program string, tier int, health string, args ...string) process.Spec {
	return process.Spec{
		Name: p.Name + "-" + program, Tier: tier,
		Path: filepath.Join(p.bin, program), Args: args,
		HealthURL: health, HealthCA: p.pki.ca,
	}
}

func (p *Plane) etcd() process.Spec {
	client, peer := p.url(portEtcd, ""), p.url(portEtcdPeer, "")
	health := fmt.Sprintf("http://127.0.0.1:%d", p.port(portEtcdHealth))
	args := []string{
		"--name=" + p.Name,
		"--data-dir=" + filepath.Join(p.dir, "etcd"),
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=" + p.Name + "=" + peer,
		"--listen-metrics-urls=" + health,
		"--cert-file=" + p.pki.etcdServer.Cert, "--key-file=" + p.pki.etcdServer.Key,
		"--client-cert-auth", "--trusted-ca-file=" + p.pki.etcdCA,
		"--peer-cert-file=" + p.pki.etcdServer.Cert, "--peer-key-file=" + p.pki.etcdServer.Key,
		"--peer-client-cert-auth", "--peer-trusted-ca-file=" + p.pki.etcdCA,
		"--auto-compaction-mode=periodic", "--auto-compaction-retention=30m",
		"--log-level=warn",
	}
	if !p.fsync {
		args = append(args, "--unsafe-no-fsync") // a lab's data need not outlive a power cut
	}
	return p.spec("etcd", process.TierStorage, health+"/health", args...)
}

func (p *Plane) apiServer() process.Spec {
	return p.spec("kube-apiserver", process.TierAPI, p.url(portAPI, "/readyz"), append([]string{
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.port(portAPI)),
		// Endpoints may not hold a loopback address, so the kubernetes Service has
		// none: everything of a lab uses a kubeconfig.
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--etcd-servers=" + p.url(portEtcd, ""), "--etcd-cafile=" + p.pki.etcdCA,
		"--etcd-certfile=" + p.pki.etcdClient.Cert, "--etcd-keyfile=" + p.pki.etcdClient.Key,
		"--tls-cert-file=" + p.pki.apiServer.Cert, "--tls-private-key-file=" + p.pki.apiServer.Key,
		"--client-ca-file=" + p.pki.ca,
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + p.pki.serviceAccounts.Cert,
		"--service-account-signing-key-file=" + p.pki.serviceAccounts.Key,
		"--requestheader-client-ca-file=" + p.pki.frontProxyCA, "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p.pki.frontProxyClient.Cert, "--proxy-client-key-file=" + p.pki.frontProxyClient.Key,
		// An APIService reaches a process on loopback through a Service of type
		// ExternalName, which routing by endpoints refuses.
		"--enable-aggregator-routing=false",
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--kubelet-client-certificate=" + p.pki.kubeletClient.Cert, "--kubelet-client-key=" + p.pki.kubeletClient.Key,
	}, p.variation.apiServerArgs...)...)
}

func (p *Plane) controllerManager() process.Spec {
	kubeconfig := p.kubeconfig("controller-manager")
	return p.spec("kube-controller-manager", process.TierCluster, p.url(portControllerManager, "/healthz"), append([]string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.port(portControllerManager)),
		"--tls-cert-file=" + p.pki.serving.Cert, "--tls-private-key-file=" + p.pki.serving.Key,
		"--leader-elect=false", "--use-service-account-credentials",
		// It makes some forty ServiceAccounts and tokens first; at the default 20
		// requests a second that alone takes 6 s.
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--service-account-private-key-file=" + p.pki.serviceAccounts.Key, "--root-ca-file=" + p.pki.ca,
		"--cluster-signing-cert-file=" + p.pki.ca, "--cluster-signing-key-file=" + p.pki.caKey,
	}, p.variation.controllerManagerArgs...)...)
}

func (p *Plane) scheduler() process.Spec {
	kubeconfig := p.kubeconfig("scheduler")
	return p.spec("kube-scheduler", process.TierCluster, p.url(portScheduler, "/healthz"),
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.port(portScheduler)),
		"--tls-cert-file="+p.pki.serving.Cert, "--tls-private-key-file="+p.pki.serving.Key,
		"--leader-elect=false")
}
