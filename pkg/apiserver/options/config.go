// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"

	"k8s.io/client-go/discovery"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver"
	"github.com/castai/omni/pkg/apiserver/console"
	"github.com/castai/omni/pkg/apiserver/standalone"
	edgelocationstorage "github.com/castai/omni/pkg/registry/omni/edgelocation/storage"
)

// Config turns the options into the configuration of the server. The storage
// must be running. Parts of Recommended that are nil are left out.
func (o *Options) Config(ctx context.Context) (*apiserver.Config, error) {
	var home *standalone.Home
	if o.Standalone {
		var err error
		if home, err = o.openHome(); err != nil {
			return nil, err
		}
	}
	serving := o.Recommended.SecureServing
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, err
	}
	if o.ServerRun.AdvertiseAddress == nil {
		o.ServerRun.AdvertiseAddress = serving.BindAddress
	}
	config := apiserver.NewConfig()
	if err := o.ServerRun.ApplyTo(&config.Generic.Config); err != nil {
		return nil, err
	}
	// RecommendedOptions would use a storage factory that ignores
	// --storage-media-type; the default one does not.
	recommended := *o.Recommended
	recommended.Etcd, recommended.Audit = nil, nil
	if err := recommended.ApplyTo(config.Generic); err != nil {
		return nil, err
	}
	if o.Recommended.Authorization != nil {
		config.Generic.Authorization.Authorizer = allNamesFirst(config.Generic.Authorization.Authorizer)
	}
	if err := o.applyAudit(&config.Generic.Config); err != nil {
		return nil, err
	}
	if err := o.applyStorage(ctx, config); err != nil {
		return nil, err
	}
	main := config.Generic.ClientConfig
	if home != nil {
		var err error
		if main, err = o.applyHome(config, home); err != nil {
			return nil, err
		}
	}
	onboard, err := o.onboardConfig(ctx, main)
	if err != nil {
		return nil, err
	}
	config.Onboard = *onboard
	if o.ControllerURL != "" {
		client, err := o.console(config.Generic.ClientConfig)
		if err != nil {
			return nil, fmt.Errorf("--controller-url: %w", err)
		}
		config.Machines, config.Controller = client, client
	}
	return config, nil
}

func (o *Options) console(main *restclient.Config) (*console.Client, error) {
	controller, err := url.Parse(o.ControllerURL)
	if err != nil {
		return nil, err
	}
	return console.New(controller, o.ControllerCAFile, main)
}

func (o *Options) onboardConfig(ctx context.Context, main *restclient.Config) (*edgelocationstorage.OnboardConfig, error) {
	config := &edgelocationstorage.OnboardConfig{
		ClusterID: o.ClusterID,
		Issuer:    o.ServiceAccountIssuer,
		Subject:   apiserver.ControllerSubject,
		Clock:     clock.RealClock{},
		Random:    rand.Reader,
	}
	publicURL := o.PublicURL
	if main != nil {
		main = restclient.CopyConfig(main)
		if err := restclient.LoadTLSFiles(main); err != nil {
			return nil, fmt.Errorf("read the certificate authority of the main cluster: %w", err)
		}
		config.CABundle = main.CAData
		if publicURL == "" {
			publicURL = main.Host
		}
	}
	if err := validateURL("--public-url", publicURL); err != nil {
		return nil, err
	}
	var err error
	if config.PublicURL, err = url.Parse(publicURL); err != nil {
		return nil, err
	}
	if config.Issuer != "" {
		return config, nil
	}
	config.Issuer, err = discoverIssuer(ctx, main)
	if err != nil {
		return nil, fmt.Errorf("ask the main cluster for its service account issuer (or set --service-account-issuer): %w", err)
	}
	return config, nil
}

// discoverIssuer reads the OpenID provider metadata of the main cluster, which
// every service account may do (ClusterRole system:service-account-issuer-discovery).
func discoverIssuer(ctx context.Context, main *restclient.Config) (string, error) {
	if main == nil {
		return "", errors.New("no main cluster is configured")
	}
	client, err := discovery.NewDiscoveryClientForConfig(main)
	if err != nil {
		return "", err
	}
	const path = "/.well-known/openid-configuration" // OpenID Connect Discovery 1.0, section 4
	body, err := client.RESTClient().Get().AbsPath(path).Do(ctx).Raw()
	if err != nil {
		return "", err
	}
	var metadata struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if metadata.Issuer == "" {
		return "", fmt.Errorf("%s has no issuer", path)
	}
	return metadata.Issuer, nil
}
