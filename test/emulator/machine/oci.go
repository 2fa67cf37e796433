// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cloud/oci/shape"
)

// OCI is the Cloud behind the endpoints of Oracle Cloud.
type OCI struct {
	Compute core.ComputeClient
	Network core.VirtualNetworkClient
	// CompartmentID is the compartment of the machines.
	CompartmentID string
}

// Running returns the OCIDs of the running instances that carry an Edge's UID.
func (c OCI) Running(ctx context.Context) ([]string, error) {
	var ids []string
	request := core.ListInstancesRequest{CompartmentId: &c.CompartmentID, LifecycleState: core.InstanceLifecycleStateRunning}
	for {
		page, err := c.Compute.ListInstances(ctx, request)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			if page.Items[i].FreeformTags[oci.TagKey(v1beta1.TagEdgeID)] != "" {
				ids = append(ids, *page.Items[i].Id)
			}
		}
		if request.Page = page.OpcNextPage; request.Page == nil {
			return ids, nil
		}
	}
}

// Instance describes an instance, its shape and its boot volume.
func (c OCI) Instance(ctx context.Context, id string) (Instance, error) {
	out, err := c.Compute.GetInstance(ctx, core.GetInstanceRequest{InstanceId: &id})
	if err != nil {
		return Instance{}, err
	}
	source, ok := out.SourceDetails.(core.InstanceSourceViaImageDetails)
	if !ok || source.BootVolumeSizeInGBs == nil {
		return Instance{}, fmt.Errorf("instance %s: the size of its boot volume is not known", id)
	}
	address, err := c.privateIP(ctx, id)
	if err != nil {
		return Instance{}, err
	}
	architecture := "amd64"
	if strings.HasPrefix(*out.Shape, "VM.Standard.A") {
		architecture = "arm64"
	}
	vcpus, memoryGiB := *out.ShapeConfig.Vcpus, int(*out.ShapeConfig.MemoryInGBs)
	return Instance{
		ID: id, InstanceType: shape.Of(*out.Shape, vcpus, memoryGiB).String(), Architecture: architecture, PrivateIP: address,
		VCPUs: int64(vcpus), MemoryMiB: int64(memoryGiB) * 1024, DiskGiB: *source.BootVolumeSizeInGBs,
	}, nil
}

// privateIP is the address of an instance's VNIC.
func (c OCI) privateIP(ctx context.Context, id string) (string, error) {
	attached, err := c.Compute.ListVnicAttachments(ctx, core.ListVnicAttachmentsRequest{CompartmentId: &c.CompartmentID, InstanceId: &id})
	if err != nil {
		return "", err
	}
	if len(attached.Items) == 0 {
		return "", fmt.Errorf("instance %s has no VNIC", id)
	}
	vnic, err := c.Network.GetVnic(ctx, core.GetVnicRequest{VnicId: attached.Items[0].VnicId})
	if err != nil {
		return "", err
	}
	return *vnic.PrivateIp, nil
}

// UserData returns the user data of an instance.
func (c OCI) UserData(ctx context.Context, id string) ([]byte, error) {
	out, err := c.Compute.GetInstance(ctx, core.GetInstanceRequest{InstanceId: &id})
	if err != nil {
		return nil, err
	}
	data, ok := out.Metadata["user_data"]
	if !ok {
		return nil, errors.New("the instance has none")
	}
	return base64.StdEncoding.DecodeString(data)
}
