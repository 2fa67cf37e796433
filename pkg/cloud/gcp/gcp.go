// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package gcp buys machines from Google Compute Engine.
package gcp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/cloudbilling/v1"
	cloudresourcemanager "google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/option"
	"k8s.io/utils/clock"

	cataloggcp "github.com/castai/omni/pkg/catalog/gcp"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
)

// Location is where and as whom machines are bought.
type Location struct {
	// ClusterID, Namespace and Name are the values of the labels on everything
	// we make.
	ClusterID, Namespace, Name string
	// Region and ProjectID the machines are bought in.
	Region, ProjectID string
	// Subnetwork of the region: its name, or for a shared VPC the path
	// projects/HOST/regions/REGION/subnetworks/NAME.
	Subnetwork string
	// NetworkTags of the machines, which the firewall rules name.
	NetworkTags []string

	// ServiceAccount is the e-mail address of the account that is impersonated
	// (keyless), by way of WorkloadIdentityProvider, which is of the form
	// projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/NAME
	// and trusts the issuer of IdentityToken.
	ServiceAccount           string
	WorkloadIdentityProvider string
	IdentityToken            IdentityTokenRetriever
	// ServiceAccountKey is a key file in JSON; used when set, instead of the
	// workload identity.
	ServiceAccountKey []byte

	// Endpoint replaces all of Google's hosts, for tests and the lab. Example:
	// http://127.0.0.1:5560. Empty: Google's own.
	Endpoint string
}

// requestTimeout bounds one request: a worker must not wait for ever. It is also
// how long Launch waits for its operation at a time; a machine takes 5 s to 30 s.
const requestTimeout = 45 * time.Second

// Provider implements cloud.Provider for one location, and catalog.Lister for its
// region.
type Provider struct {
	*cataloggcp.Lister
	location Location
	compute  *compute.Service
	projects *cloudresourcemanager.ProjectsService
}

var _ cloud.Provider = (*Provider)(nil)

// New makes a provider. It asks the cloud nothing yet.
func New(ctx context.Context, location Location) (*Provider, error) {
	base := &http.Client{Timeout: requestTimeout}
	source, err := tokenSource(ctx, base, &location)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: requestTimeout, Transport: &oauth2.Transport{Source: oauth2.ReuseTokenSource(nil, source)}}
	computeService, err := compute.NewService(ctx, location.options(client, "/compute/v1/")...)
	if err != nil {
		return nil, fmt.Errorf("configure the Compute Engine client: %w", err)
	}
	resourceManager, err := cloudresourcemanager.NewService(ctx, location.options(client, "/")...)
	if err != nil {
		return nil, fmt.Errorf("configure the Resource Manager client: %w", err)
	}
	billing, err := cloudbilling.NewService(ctx, location.options(client, "/")...)
	if err != nil {
		return nil, fmt.Errorf("configure the Cloud Billing client: %w", err)
	}
	return &Provider{
		Lister:   cataloggcp.New(location.ProjectID, location.Region, computeService, billing, clock.RealClock{}, classify),
		location: location, compute: computeService, projects: resourceManager.Projects,
	}, nil
}

// options of the client of a service that is served below path.
func (l *Location) options(client *http.Client, path string) []option.ClientOption {
	options := []option.ClientOption{option.WithHTTPClient(client)}
	if l.Endpoint != "" {
		options = append(options, option.WithEndpoint(strings.TrimSuffix(l.Endpoint, "/")+path))
	}
	return options
}

// CheckCredentials implements cloud.Provider: it names the permissions that are
// missing.
func (p *Provider) CheckCredentials(ctx context.Context) error {
	out, err := p.projects.TestIamPermissions(p.location.ProjectID,
		&cloudresourcemanager.TestIamPermissionsRequest{Permissions: contract.Permissions()}).Context(ctx).Do()
	if err != nil {
		return classify(err)
	}
	missing := slices.DeleteFunc(contract.Permissions(), func(permission string) bool { return slices.Contains(out.Permissions, permission) })
	if len(missing) > 0 {
		return &cloud.Error{Class: cloud.ClassAuth, Err: fmt.Errorf(
			"the credentials lack permissions on project %s: %s; run the onboarding script again, or grant them",
			p.location.ProjectID, strings.Join(missing, ", "))}
	}
	return nil
}

// Where Canonical publishes Ubuntu 24.04, and Ubuntu 24.04 with NVIDIA's driver
// for the GPUs that are sold today.
// https://documentation.ubuntu.com/gcp/google-how-to/gce/find-ubuntu-images/
// https://docs.cloud.google.com/compute/docs/images/os-details#ubuntu_accelerator
const (
	ubuntuProject = "ubuntu-os-cloud"
	ubuntuFamily  = "ubuntu-2404-lts-%s"
	gpuProject    = "ubuntu-os-accelerator-images"
	gpuFamily     = "ubuntu-accelerator-2404-%s-with-nvidia-580"
)

// DefaultImage implements cloud.Provider. It returns one image and not its family,
// so that a launch that is repeated asks for the same.
func (p *Provider) DefaultImage(ctx context.Context, kind cloud.MachineKind) (string, error) {
	project, family := ubuntuProject, ubuntuFamily
	if kind.GPU {
		project, family = gpuProject, gpuFamily
	}
	image, err := p.compute.Images.GetFromFamily(project, fmt.Sprintf(family, kind.Architecture)).Context(ctx).Do()
	if err != nil {
		return "", classify(err)
	}
	return "projects/" + project + "/global/images/" + image.Name, nil
}
