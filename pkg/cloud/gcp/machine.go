// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/api/compute/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
)

// The keys of the machine's metadata.
const (
	// metadataUserData is where cloud-init looks.
	metadataUserData = "user-data"
	// metadataTags holds OMNI's tags as they are elsewhere, which labels cannot.
	metadataTags = "omni-tags"
)

// maxUserDataBytes is the limit of a metadata value:
// https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
const maxUserDataBytes = 256 << 10

// machine is what is asked of the cloud. It has no external address and no service
// account.
func (p *Provider) machine(r cloud.LaunchRequest) (*compute.Instance, error) {
	if err := p.check(r); err != nil {
		return nil, err
	}
	labels, tags, err := p.labelsOf(r)
	if err != nil {
		return nil, err
	}
	userData, blockKeys := string(r.UserData), "true"
	place := "zones/" + r.Zone
	return &compute.Instance{
		Name:        r.Name,
		Description: "An edge of OMNI cluster " + p.location.ClusterID,
		MachineType: place + "/machineTypes/" + r.InstanceType,
		Labels:      labels,
		Tags:        &compute.Tags{Items: p.location.NetworkTags},
		Disks: []*compute.AttachedDisk{{
			Boot: true, AutoDelete: true,
			InitializeParams: &compute.AttachedDiskInitializeParams{
				SourceImage: r.Image, DiskSizeGb: int64(r.DiskGiB), DiskType: place + "/diskTypes/" + diskType(r.InstanceType), Labels: labels,
			},
		}},
		NetworkInterfaces: []*compute.NetworkInterface{{Subnetwork: p.location.subnetwork()}},
		Metadata: &compute.Metadata{Items: []*compute.MetadataItems{
			{Key: metadataUserData, Value: &userData},
			{Key: metadataTags, Value: &tags},
			{Key: "block-project-ssh-keys", Value: &blockKeys},
		}},
		Scheduling:             scheduling(r),
		ShieldedInstanceConfig: &compute.ShieldedInstanceConfig{EnableSecureBoot: true, EnableVtpm: true, EnableIntegrityMonitoring: true},
	}, nil
}

func (p *Provider) check(r cloud.LaunchRequest) error {
	var problem string
	switch {
	case !strings.HasPrefix(r.Zone, p.location.Region+"-"):
		problem = fmt.Sprintf("zone %q is not in the region %s of the edge location: spec.zone must be one of its zones", r.Zone, p.location.Region)
	case len(r.UserData) > maxUserDataBytes:
		problem = fmt.Sprintf("the user data has %d bytes; Compute Engine takes at most %d", len(r.UserData), maxUserDataBytes)
	case contract.LabelValue(r.EdgeUID) != r.EdgeUID:
		problem = fmt.Sprintf("edge UID %q cannot be a label: it must match %s", r.EdgeUID, contract.LabelPattern)
	default:
		return nil
	}
	return &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf("%s", problem)}
}

func (l *Location) subnetwork() string {
	if strings.Contains(l.Subnetwork, "/") {
		return l.Subnetwork
	}
	return "projects/" + l.ProjectID + "/regions/" + l.Region + "/subnetworks/" + l.Subnetwork
}

// scheduling says what becomes of the machine. Spot machines are deleted when the
// cloud takes them back, so that no disk is left behind.
// https://cloud.google.com/compute/docs/instances/create-use-spot
func scheduling(r cloud.LaunchRequest) *compute.Scheduling {
	no := false
	switch {
	case r.CapacityType == string(v1beta1.CapacitySpot):
		return &compute.Scheduling{
			ProvisioningModel: "SPOT", InstanceTerminationAction: "DELETE", OnHostMaintenance: "TERMINATE", AutomaticRestart: &no,
		}
	case cannotMigrate.MatchString(r.InstanceType):
		return &compute.Scheduling{ProvisioningModel: "STANDARD", OnHostMaintenance: "TERMINATE"}
	}
	return &compute.Scheduling{ProvisioningModel: "STANDARD", OnHostMaintenance: "MIGRATE"}
}

// cannotMigrate are the machines with accelerators, and others that cannot be
// moved while they run.
// https://cloud.google.com/compute/docs/instances/live-migration-process#limitations
var cannotMigrate = regexp.MustCompile(`^(a\d|g\d|h\d|ct\d|x4)|-metal$`)

// generation of a machine family: 4 in c4a-standard-8.
var generation = regexp.MustCompile(`^[a-z]+(\d+)`)

// diskType of the boot disk. From the fourth generation on, and a3-ultragpu,
// machines take Hyperdisk only.
// https://cloud.google.com/compute/docs/disks/hyperdisks#machine-series-support
func diskType(instanceType string) string {
	if m := generation.FindStringSubmatch(instanceType); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && (n >= 4 || strings.HasPrefix(instanceType, "a3-ultragpu")) {
			return "hyperdisk-balanced"
		}
	}
	return "pd-balanced"
}

// The labels by which machines are found.
var (
	labelClusterID    = contract.LabelKey(v1beta1.TagClusterID)
	labelNamespace    = contract.LabelKey(v1beta1.TagNamespace)
	labelEdgeLocation = contract.LabelKey(v1beta1.TagEdgeLocation)
	labelEdgeID       = contract.LabelKey(v1beta1.TagEdgeID)
)

// labelLaunch is the fingerprint of the launch request.
const labelLaunch = "omni-launch"

// labels of all that belongs to the location, keys and values by turns.
func (l *Location) labels() []string {
	return []string{
		labelClusterID, contract.LabelValue(l.ClusterID), labelNamespace, contract.LabelValue(l.Namespace), labelEdgeLocation, contract.LabelValue(l.Name),
	}
}

// labelsOf returns the labels of a machine, and its tags as JSON.
func (p *Provider) labelsOf(r cloud.LaunchRequest) (labels map[string]string, tags string, err error) {
	all := maps.Clone(r.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, map[string]string{
		v1beta1.TagClusterID: p.location.ClusterID, v1beta1.TagNamespace: p.location.Namespace,
		v1beta1.TagEdgeLocation: p.location.Name, v1beta1.TagEdgeID: r.EdgeUID,
	})
	raw, err := json.Marshal(all)
	if err != nil {
		return nil, "", fmt.Errorf("encode the tags: %w", err)
	}
	request, err := json.Marshal(r)
	if err != nil {
		return nil, "", fmt.Errorf("encode the launch request: %w", err)
	}
	labels = map[string]string{}
	// OMNI's own come last: no tag of the user's can take their place.
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(ownTag(a)), len(ownTag(b))), cmp.Compare(a, b))
	}) {
		labels[contract.LabelKey(key)] = contract.LabelValue(all[key])
	}
	labels[labelLaunch] = contract.Digest(string(request), 32)
	return labels, string(raw), nil
}

// ownTag returns the key of a tag of OMNI's, and nothing for others.
func ownTag(key string) string {
	if strings.HasPrefix(key, contract.TagPrefix) {
		return contract.TagPrefix
	}
	return ""
}
