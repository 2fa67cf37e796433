// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"context"
	"fmt"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
	"github.com/castai/omni/pkg/cmd/oracle"
)

// oracle prepares the region here: the key that OMNI signs in with is made on this
// machine and goes nowhere but into the Secret.
func (o *Options) oracle(ctx context.Context, location *v1beta1.EdgeLocation) error {
	cluster, err := o.Target.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("ask for the ID of the main cluster, which needs the right to create edgelocations/onboard-script (role omni-onboarder): %w", err)
	}
	options, err := o.Oracle.Options(o.Streams.ErrOut)
	if err != nil {
		return err
	}
	secret, named := secretOf(location)
	options.ClusterID, options.Namespace, options.Name = cluster, location.Namespace, location.Name
	options.Region, options.Zones = location.Spec.Region, location.Spec.Zones
	options.VCNCIDR, options.SubnetIDs, options.NSGID, options.UserEmail = o.Script.VPCCIDR, o.SubnetIDs, o.NSGID, o.UserEmail
	options.Keys = &oracle.Keys{Secrets: o.Target.Secrets, Name: secret, Location: location.Name}
	if registered := location.Spec.OCI; registered != nil {
		options.Registered = registered
		if options.CompartmentID == "" {
			options.CompartmentID = registered.CompartmentID
		}
	}
	options.Register = func(ctx context.Context, place *v1beta1.OCILocation) error {
		if !named {
			if err := o.Target.UseSecret(ctx, secret); err != nil {
				return err
			}
		}
		return o.Target.Register(ctx, v1beta1.OnboardingSpec{OCI: place})
	}
	result, err := onboarding.Onboard(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Streams.ErrOut, "\nThe location %s/%s is on board: %s in %s, %d zones, user %s with its key in the Secret %s.\n"+
		"Next: allow it in a NodeTemplate of the namespace %s (spec.edgeLocations).\n",
		location.Namespace, location.Name, result.OCI.VCNID, location.Spec.Region, len(result.OCI.SubnetIDs), result.Name, secret, location.Namespace)
	return nil
}

// secretOf is the Secret of a location; false if it names none.
func secretOf(location *v1beta1.EdgeLocation) (name string, named bool) {
	if c := location.Spec.Credentials; c != nil && c.SecretRef != nil {
		return c.SecretRef.Name, true
	}
	return oracle.SecretName(location.Name), false
}
