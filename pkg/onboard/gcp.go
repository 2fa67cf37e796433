// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
)

// gcpPlace is how the resources of a location in Google Cloud are named and found.
type gcpPlace struct {
	place
	// Name of the network, of what is in it and of its network tag.
	Name string
	// AccountID of the service account and of the identity pool; RoleID of the role.
	AccountID, RoleID string
	Registered        GCPRegistered
}

// The shapes of names in Google Cloud. https://cloud.google.com/compute/docs/naming-resources
var (
	gcpRegion  = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]{1,2}$`)
	gcpProject = regexp.MustCompile(`^([a-z][a-z0-9-]{4,28}[a-z0-9])?$`)
	gcpName    = regexp.MustCompile(`^([a-z]([a-z0-9-]{0,61}[a-z0-9])?)?$`)
	gcpAccount = regexp.MustCompile(`^([a-z0-9-]{1,63}@[a-z0-9.-]{1,80}\.gserviceaccount\.com)?$`)
)

func newGCPPlace(p Place, registered GCPRegistered) (gcpPlace, error) {
	checked, err := newPlace(p, gcpRegion)
	if err != nil {
		return gcpPlace{}, err
	}
	id := ServiceAccountID(p.ClusterID, p.Namespace, p.Location)
	v := gcpPlace{
		place: checked, Name: RoleName(p.ClusterID, p.Namespace, p.Location), AccountID: id, RoleID: strings.ReplaceAll(id, "-", "_"),
		Registered: registered,
	}
	return v, match(
		parameter{"GCP.ProjectID", registered.ProjectID, gcpProject},
		parameter{"GCP.Network", registered.Network, gcpName},
		parameter{"GCP.ServiceAccount", registered.ServiceAccount, gcpAccount},
	)
}

// gcpServices are what the provider and the script ask.
var gcpServices = []string{
	"cloudbilling.googleapis.com", "cloudresourcemanager.googleapis.com", "compute.googleapis.com", "iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com",
}

// gcpOnboarding is what the onboarding script of Google Cloud is made of.
type gcpOnboarding struct {
	gcpPlace
	registration
	Zones    []string
	Subject  string
	Services []string
	// Permissions of the role, in order, with commas between them.
	Permissions string
	// VPCCIDR is the range of the subnetwork, unless Network and Subnetwork are
	// brought along.
	VPCCIDR, Network, Subnetwork string
}

func newGCPOnboarding(p Parameters, r registration) (any, error) {
	at, err := newGCPPlace(p.Place, p.GCP)
	if err != nil {
		return nil, err
	}
	if err := match(parameter{"Network", p.Network, gcpName}, parameter{"Subnetwork", p.Subnetwork, gcpName}); err != nil {
		return nil, err
	}
	if (p.Network == "") != (p.Subnetwork == "") {
		return nil, fmt.Errorf("parameter Subnetwork: %q without the other: Network and Subnetwork go together", p.Network+p.Subnetwork)
	}
	for i, zone := range p.Zones {
		letter, ok := strings.CutPrefix(zone, p.Place.Region+"-")
		if !ok || len(letter) != 1 || letter[0] < 'a' || letter[0] > 'z' {
			return nil, fmt.Errorf("parameter Zones[%d]: %q is not %s- and a letter", i, zone, p.Place.Region)
		}
	}
	if _, err := parseRange(p.VPCCIDR); err != nil {
		return nil, err
	}
	return &gcpOnboarding{
		gcpPlace: at, registration: r, Zones: p.Zones, Subject: p.Subject, Services: gcpServices,
		Permissions: strings.Join(contract.Permissions(), ","), VPCCIDR: p.VPCCIDR, Network: p.Network, Subnetwork: p.Subnetwork,
	}, nil
}

// gcpOffboarding is what the offboarding script of Google Cloud is made of.
type gcpOffboarding struct{ gcpPlace }

// LabelKeys are the labels by which the location's machines are found.
func (*gcpOffboarding) LabelKeys() []string {
	return []string{
		contract.LabelKey(v1beta1.TagClusterID), contract.LabelKey(v1beta1.TagNamespace), contract.LabelKey(v1beta1.TagEdgeLocation),
	}
}

// Labels are their values, with bars between them.
func (v *gcpOffboarding) Labels() string {
	return contract.LabelValue(v.ClusterID) + "|" + contract.LabelValue(v.Namespace) + "|" + contract.LabelValue(v.Location)
}

func newGCPOffboarding(p OffboardParameters) (any, error) {
	at, err := newGCPPlace(p.Place, p.GCP)
	return &gcpOffboarding{at}, err
}
