// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"fmt"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/cloud"
)

// OCI answers 404 NotAuthorizedOrNotFound both for what does not exist and for what
// the credentials may not touch. This file finds out which.

// inCompartment classifies the error of a call that refers to nothing but the
// compartment.
func (p *Provider) inCompartment(err error) error {
	if !isNotFound(err) {
		return classify(err)
	}
	return &cloud.Error{Class: cloud.ClassAuth, Code: codeOf(err), Err: fmt.Errorf(
		"compartment %s (spec.oci.compartmentID) does not exist or the credentials may not do this in it: check both, and the policy of the onboarding",
		p.location.CompartmentID)}
}

// absent returns nil when a machine that answered 404 is proven to be gone: the
// compartment can be listed, and the machine is not in it. One that is listed may
// not be touched; a compartment that cannot be listed proves nothing.
//
// The proof holds for the compartment of the location: a machine that somebody moves
// to another one, where the credentials have no rights, is lost to us.
func (p *Provider) absent(ctx context.Context, id, verb string) error {
	listed, ended := false, false
	err := p.each(ctx, func(i *core.Instance) {
		if *i.Id == id {
			listed, ended = true, i.LifecycleState == core.InstanceLifecycleStateTerminated
		}
	})
	if err != nil {
		return err
	}
	if listed && !ended {
		return &cloud.Error{Class: cloud.ClassAuth, Code: "NotAuthorizedOrNotFound", Err: fmt.Errorf(
			"the credentials may list %s but not %s it: the policy must allow to manage instances in compartment %s", id, verb, p.location.CompartmentID)}
	}
	return nil
}

// explainLaunch finds out what a launch that answered 404 lacks.
func (p *Provider) explainLaunch(ctx context.Context, r cloud.LaunchRequest, launchErr error) error {
	if failure, ok := common.IsServiceError(launchErr); ok && strings.HasPrefix(failure.GetMessage(), "shape ") {
		// "shape VM.Standard.E2.1.Micro not found": the domain has none.
		return &cloud.Error{Class: cloud.ClassCapacity, Code: codeOf(launchErr), Err: fmt.Errorf("zone %s does not offer %s", r.Zone, r.InstanceType)}
	}
	for _, check := range p.references(r) {
		err := check.get(ctx)
		if isNotFound(err) {
			return &cloud.Error{Class: check.class, Code: codeOf(launchErr), Err: fmt.Errorf(
				"%s (%s) does not exist or the credentials may not use it", check.id, check.field)}
		}
		if err != nil {
			return classify(err)
		}
	}
	return &cloud.Error{Class: cloud.ClassAuth, Code: codeOf(launchErr), Err: fmt.Errorf(
		"everything the launch refers to exists, so the policy does not allow it: compare its statements for compartment %s with those of the onboarding", p.location.CompartmentID)}
}

// reference is something that a launch needs.
type reference struct {
	field, id string
	class     cloud.ErrorClass
	get       func(context.Context) error
}

func (p *Provider) references(r cloud.LaunchRequest) []reference {
	l := &p.location
	subnet := l.SubnetIDs[r.Zone]
	return []reference{
		{"spec.oci.compartmentID", l.CompartmentID, cloud.ClassAuth, func(ctx context.Context) error {
			_, err := p.identity.GetCompartment(ctx, identity.GetCompartmentRequest{CompartmentId: &l.CompartmentID})
			return err
		}},
		{"spec.oci.subnetIDs[" + r.Zone + "]", subnet, cloud.ClassConfig, func(ctx context.Context) error {
			_, err := p.network.GetSubnet(ctx, core.GetSubnetRequest{SubnetId: &subnet})
			return err
		}},
		{"spec.oci.nsgID", l.NSGID, cloud.ClassConfig, func(ctx context.Context) error {
			_, err := p.network.GetNetworkSecurityGroup(ctx, core.GetNetworkSecurityGroupRequest{NetworkSecurityGroupId: &l.NSGID})
			return err
		}},
		{"the image", r.Image, cloud.ClassConfig, func(ctx context.Context) error {
			_, err := p.compute.GetImage(ctx, core.GetImageRequest{ImageId: &r.Image})
			return err
		}},
	}
}
