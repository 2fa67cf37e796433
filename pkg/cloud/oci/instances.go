// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci/shape"
)

// minBootVolumeGB is the smallest boot volume OCI makes; a smaller disk is rounded
// up to it.
const minBootVolumeGB = 50

// Launch implements cloud.Provider.
func (p *Provider) Launch(ctx context.Context, r cloud.LaunchRequest) (*cloud.Instance, error) {
	details, err := p.launchDetails(ctx, r)
	if err != nil {
		return nil, err
	}
	out, err := p.compute.LaunchInstance(ctx, core.LaunchInstanceRequest{LaunchInstanceDetails: *details, OpcRetryToken: &r.ClientToken})
	if isNotFound(err) {
		return nil, p.explainLaunch(ctx, r, err)
	}
	if err != nil {
		return nil, classify(err)
	}
	return instance(&out.Instance), nil
}

func (p *Provider) launchDetails(ctx context.Context, r cloud.LaunchRequest) (*core.LaunchInstanceDetails, error) {
	t, err := shape.Parse(r.InstanceType)
	if err != nil {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Err: err}
	}
	subnet, ok := p.location.SubnetIDs[r.Zone]
	if !ok {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
			"spec.oci.subnetIDs has no subnet in zone %q, only in %q", r.Zone, sortedKeys(p.location.SubnetIDs))}
	}
	tags, err := p.tags(r)
	if err != nil {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Err: err}
	}
	domain, err := p.domain(ctx, r.Zone)
	if err != nil {
		return nil, err
	}
	details := &core.LaunchInstanceDetails{
		CompartmentId:      &p.location.CompartmentID,
		AvailabilityDomain: &domain,
		DisplayName:        &r.Name,
		Shape:              &t.Shape,
		FreeformTags:       tags,
		Metadata:           map[string]string{"user_data": base64.StdEncoding.EncodeToString(r.UserData)},
		SourceDetails: core.InstanceSourceViaImageDetails{
			ImageId: &r.Image, BootVolumeSizeInGBs: new(max(int64(r.DiskGiB), minBootVolumeGB)),
		},
		CreateVnicDetails: &core.CreateVnicDetails{
			SubnetId: &subnet, NsgIds: []string{p.location.NSGID}, AssignPublicIp: new(false), FreeformTags: tags,
		},
		// Version 1 of the metadata service answers requests that anything on
		// the machine can be tricked into sending.
		InstanceOptions: &core.InstanceOptions{AreLegacyImdsEndpointsDisabled: new(true)},
	}
	if t.Flexible() {
		details.ShapeConfig = &core.LaunchInstanceShapeConfigDetails{
			Ocpus: new(float32(t.OCPUs())), MemoryInGBs: new(float32(t.MemoryGiB)),
		}
	}
	if r.CapacityType == string(v1beta1.CapacitySpot) {
		details.PreemptibleInstanceConfig = &core.PreemptibleInstanceConfigDetails{
			PreemptionAction: core.TerminatePreemptionAction{PreserveBootVolume: new(false)},
		}
	}
	return details, nil
}

// Get implements cloud.Provider.
func (p *Provider) Get(ctx context.Context, id string) (*cloud.Instance, error) {
	out, err := p.compute.GetInstance(ctx, core.GetInstanceRequest{InstanceId: &id})
	if isNotFound(err) {
		return nil, p.absent(ctx, id, "read")
	}
	if err != nil {
		return nil, classify(err)
	}
	return instance(&out.Instance), nil
}

// FindByEdge implements cloud.Provider.
func (p *Provider) FindByEdge(ctx context.Context, edgeUID string) (*cloud.Instance, error) {
	all, err := p.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].EdgeUID == edgeUID {
			return &all[i], nil
		}
	}
	return nil, nil
}

// List implements cloud.Provider. OCI's list has no filter for tags, and its search
// service, which has one, lags behind: a machine it does not show yet would be
// bought twice. So the whole compartment is read, which is best one of OMNI's own.
func (p *Provider) List(ctx context.Context) ([]cloud.Instance, error) {
	var found []cloud.Instance
	err := p.each(ctx, func(i *core.Instance) {
		if alive := i.LifecycleState != core.InstanceLifecycleStateTerminated; alive && p.ours(i.FreeformTags) {
			found = append(found, *instance(i))
		}
	})
	return found, err
}

// each calls visit for every machine of the compartment, the terminated ones too.
func (p *Provider) each(ctx context.Context, visit func(*core.Instance)) error {
	request := core.ListInstancesRequest{CompartmentId: &p.location.CompartmentID}
	for {
		out, err := p.compute.ListInstances(ctx, request)
		if err != nil {
			return p.inCompartment(err)
		}
		for i := range out.Items {
			visit(&out.Items[i])
		}
		if request.Page = out.OpcNextPage; request.Page == nil {
			return nil
		}
	}
}

// Terminate implements cloud.Provider. The boot volume ends with the machine.
func (p *Provider) Terminate(ctx context.Context, id string) error {
	_, err := p.compute.TerminateInstance(ctx, core.TerminateInstanceRequest{InstanceId: &id, PreserveBootVolume: new(false)})
	switch {
	case err == nil:
		return nil
	case isNotFound(err):
		return p.absent(ctx, id, "terminate")
	case isConflict(err):
		// Something else is done to the machine now: perhaps it ends already.
		if i, getErr := p.Get(ctx, id); getErr == nil && (i.Gone() || i.State == cloud.StateTerminating) {
			return nil
		}
	}
	return classify(err)
}

func instance(in *core.Instance) *cloud.Instance {
	out := &cloud.Instance{
		ID: *in.Id, EdgeUID: in.FreeformTags[TagKey(v1beta1.TagEdgeID)],
		InstanceType: instanceType(in), Zone: ZoneOf(*in.AvailabilityDomain), State: state(in.LifecycleState),
	}
	if in.TimeCreated != nil {
		out.LaunchTime = in.TimeCreated.Time
	}
	return out
}

// instanceType is a machine's shape with its size, if it has none of its own.
func instanceType(in *core.Instance) string {
	c := in.ShapeConfig
	if c == nil || c.Ocpus == nil || c.MemoryInGBs == nil {
		return *in.Shape
	}
	return shape.Of(*in.Shape, int(*c.Ocpus)*shape.VCPUsPerOCPU(*in.Shape), int(*c.MemoryInGBs)).String()
}

// state maps OCI's states. One we do not know is a machine that costs money.
func state(s core.InstanceLifecycleStateEnum) cloud.InstanceState {
	switch s {
	case core.InstanceLifecycleStateProvisioning, core.InstanceLifecycleStateStarting:
		return cloud.StatePending
	case core.InstanceLifecycleStateStopping, core.InstanceLifecycleStateStopped:
		return cloud.StateStopped
	case core.InstanceLifecycleStateTerminating:
		return cloud.StateTerminating
	case core.InstanceLifecycleStateTerminated:
		return cloud.StateTerminated
	default:
		return cloud.StateRunning
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
