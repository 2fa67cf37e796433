// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"
	apiserverconfig "k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver"
	"github.com/castai/omni/pkg/apiserver/standalone"
)

const (
	// standaloneDir is the default of --data-dir with --standalone: in sight, and
	// gone with one rm.
	standaloneDir = ".omni"
	// standaloneCluster is the default of --cluster-id with --standalone.
	standaloneCluster = "standalone"
	// standaloneIssuer is the default of --service-account-issuer with
	// --standalone. There is no issuer; .invalid never resolves (RFC 2606), so no
	// cloud trusts a stranger by mistake.
	standaloneIssuer = "https://standalone.invalid"
)

func (o *Options) addStandaloneFlag(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Standalone, "standalone", o.Standalone, "Serve on loopback without a main cluster, to try the API out: with an own certificate authority, kubeconfigs for admin, team-a and team-b, and RBAC from a file, all in --data-dir (default "+standaloneDir+" in the working directory).")
}

// Complete settles what --standalone implies and refuses what contradicts it.
// Without it nothing changes. Call it before Validate.
func (o *Options) Complete() error {
	if !o.Standalone {
		return nil
	}
	if err := o.validateStandalone(); err != nil {
		return err
	}
	var err error
	// The URL of a unix socket wants an absolute path.
	if o.DataDir, err = filepath.Abs(withDefault(o.DataDir, standaloneDir)); err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	o.ClusterID = withDefault(o.ClusterID, standaloneCluster)
	o.ServiceAccountIssuer = withDefault(o.ServiceAccountIssuer, standaloneIssuer)
	// All of this asks the main cluster, in a pod even without being told of one.
	r := o.Recommended
	r.CoreAPI, r.Admission, r.Authentication, r.Authorization = nil, nil, nil, nil
	r.Features.EnablePriorityAndFairness = false
	return nil
}

// validateStandalone returns every flag that contradicts --standalone.
func (o *Options) validateStandalone() error {
	r := o.Recommended
	var errs []error
	if !r.SecureServing.BindAddress.IsLoopback() {
		errs = append(errs, fmt.Errorf("--bind-address %s: --standalone serves on loopback only: use 127.0.0.1 or ::1", r.SecureServing.BindAddress))
	}
	for flag, value := range map[string]string{
		"--kubeconfig":                   r.CoreAPI.CoreAPIKubeconfigPath,
		"--authentication-kubeconfig":    r.Authentication.RemoteKubeConfigFile,
		"--authorization-kubeconfig":     r.Authorization.RemoteKubeConfigFile,
		"--client-ca-file":               r.Authentication.ClientCert.ClientCA,
		"--requestheader-client-ca-file": r.Authentication.RequestHeader.ClientCAFile,
		"--tls-cert-file":                r.SecureServing.ServerCert.CertKey.CertFile,
		"--tls-private-key-file":         r.SecureServing.ServerCert.CertKey.KeyFile,
	} {
		if value != "" {
			errs = append(errs, fmt.Errorf("%s %s: --standalone has no main cluster and makes its own certificates: drop one of the two flags", flag, value))
		}
	}
	if !o.Embedded() {
		errs = append(errs, errors.New("--etcd-servers: --standalone keeps its data in --data-dir: drop one of the two flags"))
	}
	return errors.Join(errs...)
}

// openHome makes what serving needs.
func (o *Options) openHome() (*standalone.Home, error) {
	home, err := standalone.Open(o.DataDir, clock.RealClock{})
	if err != nil {
		return nil, fmt.Errorf("--standalone: %w", err)
	}
	serving := &o.Recommended.SecureServing.ServerCert.CertKey
	serving.CertFile, serving.KeyFile = home.ServingFiles()
	return home, nil
}

// applyHome authenticates by client certificates, authorizes by the files and writes
// the kubeconfigs, now that the port is known. It returns how to reach the server.
func (o *Options) applyHome(config *apiserver.Config, home *standalone.Home) (*restclient.Config, error) {
	ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca", home.CAFile())
	if err != nil {
		return nil, fmt.Errorf("--standalone: %w", err)
	}
	authentication := &config.Generic.Authentication
	if err := authentication.ApplyClientCert(ca, config.Generic.SecureServing); err != nil {
		return nil, fmt.Errorf("--standalone: %w", err)
	}
	authentication.Authenticator, _, err = authenticatorfactory.DelegatingAuthenticatorConfig{
		ClientCertificateCAContentProvider: ca,
		// Somebody without an account registers a location with a token.
		Anonymous: &apiserverconfig.AnonymousAuthConfig{Enabled: true},
	}.New()
	if err != nil {
		return nil, fmt.Errorf("--standalone: %w", err)
	}
	config.Generic.Authorization.Authorizer = authorizer.AuthorizerFunc(home.Policy().Authorize)
	serving := o.Recommended.SecureServing
	url := "https://" + net.JoinHostPort(serving.BindAddress.String(), strconv.Itoa(serving.BindPort))
	if err := home.WriteKubeconfigs(url); err != nil {
		return nil, fmt.Errorf("--standalone: %w", err)
	}
	return &restclient.Config{Host: url, TLSClientConfig: restclient.TLSClientConfig{CAData: home.CABundle()}}, nil
}

func withDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
