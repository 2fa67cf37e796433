// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package controller runs OMNI's controllers and its webhook in one process.
package controller

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/state"
)

// Options are the flags of omni-controller.
type Options struct {
	Kubeconfig         string
	OmniKubeconfig     string
	ClusterID          string
	Namespace          string
	ServiceAccount     string
	MetricsBindAddress string
	HealthBindAddress  string
	WebhookBindAddress string
	WebhookCertDir     string
	LeaderElect        bool
	// EdgeOverhead is what every machine costs besides its price, in US dollars per hour.
	EdgeOverhead float64
	// Endpoints are where clouds are reached other than at their own hosts.
	Endpoints connection.Endpoints
	// RotateServingCertificate manages the certificate of omni-apiserver.
	RotateServingCertificate bool
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	return &Options{
		Namespace:          "omni-system",
		ServiceAccount:     "omni-controller",
		MetricsBindAddress: "127.0.0.1:8080",
		HealthBindAddress:  "127.0.0.1:8081",
		WebhookBindAddress: "127.0.0.1:9443",
		WebhookCertDir:     "/var/run/omni/webhook",
		LeaderElect:        true,
		EdgeOverhead:       state.DefaultEdgeOverhead,
	}
}

// AddFlags registers the options.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "Kubeconfig of the main cluster. Default: the ServiceAccount of the pod.")
	fs.StringVar(&o.OmniKubeconfig, "omni-kubeconfig", o.OmniKubeconfig, "Kubeconfig of omni-apiserver. Default: through the main cluster's aggregator.")
	fs.StringVar(&o.ClusterID, "cluster-id", o.ClusterID, "Identity of the main cluster: the value of the tag omni.cast.ai/cluster-id on every cloud resource. Required, and never changed.")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace of the controller: its lease and its ServiceAccount.")
	fs.StringVar(&o.ServiceAccount, "service-account", o.ServiceAccount, "ServiceAccount whose tokens the clouds trust (web identity).")
	fs.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "Where metrics, and consoles of machines and the catalog for omni-apiserver, are served over TLS to those the main cluster lets in; 0 for nowhere.")
	fs.StringVar(&o.HealthBindAddress, "health-probe-bind-address", o.HealthBindAddress, "Where /healthz and /readyz are served.")
	fs.StringVar(&o.WebhookBindAddress, "webhook-bind-address", o.WebhookBindAddress, "Where the pod webhook is served.")
	fs.StringVar(&o.WebhookCertDir, "webhook-cert-dir", o.WebhookCertDir, "Directory with tls.crt and tls.key of the webhook and the metrics; read again when they change.")
	fs.StringVar(&o.Endpoints.GCP, "gcp-endpoint", o.Endpoints.GCP, "URL in place of all of Google Cloud's hosts: a proxy, a private endpoint or an emulator. https, or http to loopback. For AWS, set the SDK's own AWS_ENDPOINT_URL.")
	fs.StringVar(&o.Endpoints.OCI, "oci-endpoint", o.Endpoints.OCI, "URL in place of all of Oracle Cloud's hosts; as --gcp-endpoint.")
	fs.BoolVar(&o.RotateServingCertificate, "rotate-serving-certificate", o.RotateServingCertificate, "Make and renew the serving certificate of omni-apiserver, in the Secret omni-apiserver-tls of --namespace, and write its authority into the APIServices of omni.cast.ai.")
	fs.Float64Var(&o.EdgeOverhead, "edge-overhead", o.EdgeOverhead, "What every machine costs besides its price, in US dollars per hour: its kubelet, DaemonSets and virtual node. Without it many small machines win on paper only.")
	fs.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "Let one of several replicas act at a time.")
}

// Validate says which flag is wrong and how to mend it.
func (o *Options) Validate() error {
	if o.ClusterID == "" {
		return fmt.Errorf("--cluster-id is required: give the main cluster a name that no other cluster of your cloud accounts has")
	}
	if !(o.EdgeOverhead >= 0) || math.IsInf(o.EdgeOverhead, 1) {
		return fmt.Errorf("--edge-overhead: must be US dollars per hour, 0 or more, for example %v", state.DefaultEdgeOverhead)
	}
	if _, _, err := hostPort(o.WebhookBindAddress); err != nil {
		return fmt.Errorf("--webhook-bind-address: %w", err)
	}
	if err := checkEndpoint(o.Endpoints.GCP); err != nil {
		return fmt.Errorf("--gcp-endpoint: %w", err)
	}
	if err := checkEndpoint(o.Endpoints.OCI); err != nil {
		return fmt.Errorf("--oci-endpoint: %w", err)
	}
	return nil
}

// checkEndpoint lets only those endpoints pass to which credentials may be sent. None
// is one.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return err
	case u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q is not of the form https://HOST[:PORT]", u.Redacted())
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q: credentials go there, so use https; http is for 127.0.0.1 and ::1 only", endpoint)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func hostPort(address string) (string, int, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", 0, fmt.Errorf("port %q is not a number", port)
	}
	return host, number, nil
}

// configs returns how to reach the main cluster and omni-apiserver.
func (o *Options) configs() (main, omni *rest.Config, err error) {
	if main, err = clientcmd.BuildConfigFromFlags("", o.Kubeconfig); err != nil {
		return nil, nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	main.QPS, main.Burst = 100, 200
	omni = rest.CopyConfig(main)
	if o.OmniKubeconfig != "" {
		if omni, err = clientcmd.BuildConfigFromFlags("", o.OmniKubeconfig); err != nil {
			return nil, nil, fmt.Errorf("--omni-kubeconfig: %w", err)
		}
		omni.QPS, omni.Burst = 100, 200
	}
	return main, omni, nil
}
