// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package options holds the flags of omni-apiserver and turns them into the
// configuration of the server.
package options

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	cliflag "k8s.io/component-base/cli/flag"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/scheme"
)

// Options are the flags of omni-apiserver.
type Options struct {
	// Recommended are the options every aggregated API server has.
	Recommended *genericoptions.RecommendedOptions
	// ServerRun are those about requests in flight and shutdown.
	ServerRun *genericoptions.ServerRunOptions

	StorageOptions
	// ClusterID names the main cluster on everything OMNI makes.
	ClusterID string
	// PublicURL is the https URL under which onboarding scripts reach the API.
	PublicURL string
	// ServiceAccountIssuer is the issuer of the main cluster's tokens.
	ServiceAccountIssuer string
	// ControllerURL is the https URL of omni-controller's metrics server, and
	// ControllerCAFile the authorities of its certificate, in PEM.
	ControllerURL, ControllerCAFile string
	// Standalone serves without a main cluster.
	Standalone bool
}

// NewOptions returns the defaults: loopback only, no storage chosen.
func NewOptions() *Options {
	codec := scheme.Codecs.LegacyCodec(v1beta1.SchemeGroupVersion)
	o := &Options{
		Recommended:    genericoptions.NewRecommendedOptions(EtcdPrefix, codec),
		ServerRun:      newServerRunOptions(),
		StorageOptions: newStorageOptions(),
	}
	o.Recommended.SecureServing.BindAddress = net.IPv4(127, 0, 0, 1)
	o.Recommended.SecureServing.BindPort = 8443
	// Without a certificate a self-signed one is made in memory.
	o.Recommended.SecureServing.ServerCert.CertDirectory = ""
	// Every client of an aggregated API speaks TLS 1.3.
	o.Recommended.SecureServing.MinTLSVersion = "VersionTLS13"
	// Otherwise open watches hold a stop up for a whole request timeout, 60 s.
	o.ServerRun.ShutdownWatchTerminationGracePeriod = 10 * time.Second
	return o
}

// Flags returns the flags by topic, ours first.
func (o *Options) Flags() cliflag.NamedFlagSets {
	sets := cliflag.NamedFlagSets{}
	fs := sets.FlagSet("omni")
	o.addStandaloneFlag(fs)
	o.addStorageFlags(fs)
	fs.StringVar(&o.ClusterID, "cluster-id", o.ClusterID, "Name of the main cluster, a DNS label; it is on everything OMNI makes in a cloud.")
	fs.StringVar(&o.PublicURL, "public-url", o.PublicURL, "https URL under which onboarding scripts reach this API. Default: the server of --kubeconfig.")
	fs.StringVar(&o.ServiceAccountIssuer, "service-account-issuer", o.ServiceAccountIssuer, "https URL of the main cluster's service account issuer, which the clouds are told to trust. Default: asked from the main cluster at start.")
	fs.StringVar(&o.ControllerURL, "controller-url", o.ControllerURL, "https URL of omni-controller's metrics server, which is asked for the consoles of machines and for prices. Default: edges/console-output is not available, and prices are those of the snapshot.")
	fs.StringVar(&o.ControllerCAFile, "controller-ca-file", o.ControllerCAFile, "File with the authorities of omni-controller's certificate, in PEM. Default: the system's authorities.")
	r := o.Recommended
	r.SecureServing.AddFlags(sets.FlagSet("serving"))
	r.Etcd.AddFlags(sets.FlagSet("etcd"))
	r.CoreAPI.AddFlags(sets.FlagSet("main cluster"))
	r.Authentication.AddFlags(sets.FlagSet("authentication"))
	r.Authorization.AddFlags(sets.FlagSet("authorization"))
	r.Admission.AddFlags(sets.FlagSet("admission"))
	r.Audit.AddFlags(sets.FlagSet("auditing"))
	o.ServerRun.AddUniversalFlags(sets.FlagSet("requests"))
	r.Features.AddFlags(sets.FlagSet("features"))
	r.EgressSelector.AddFlags(sets.FlagSet("egress"))
	r.Traces.AddFlags(sets.FlagSet("traces"))
	return sets
}

// Validate returns every mistake in the flags.
func (o *Options) Validate() error {
	errs := o.validateStorage()
	for _, message := range validation.IsDNS1123Label(o.ClusterID) {
		errs = append(errs, fmt.Errorf("--cluster-id %q: %s", o.ClusterID, message))
	}
	if o.PublicURL != "" {
		errs = append(errs, validateURL("--public-url", o.PublicURL))
	}
	if o.ServiceAccountIssuer != "" {
		errs = append(errs, validateURL("--service-account-issuer", o.ServiceAccountIssuer))
	}
	switch {
	case o.ControllerURL != "":
		errs = append(errs, validateURL("--controller-url", o.ControllerURL))
	case o.ControllerCAFile != "":
		errs = append(errs, errors.New("--controller-ca-file is of no use without --controller-url: set both"))
	}
	recommended := *o.Recommended
	recommended.Etcd = o.etcdOptions()
	errs = append(errs, recommended.Validate()...)
	errs = append(errs, o.ServerRun.Validate()...)
	return errors.Join(errs...)
}

func validateURL(flag, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return fmt.Errorf("%s %q: want https://host[:port][/path]", flag, value)
	}
	return nil
}
