// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package offboard

import (
	"cmp"
	"context"
	"fmt"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
	"github.com/castai/omni/pkg/cmd/oracle"
)

// oracle cleans up in Oracle Cloud. A location that is gone is nil: then the flags
// say where it was.
func (o *Options) oracle(ctx context.Context, location *v1beta1.EdgeLocation) error {
	options, err := o.Oracle.Options(o.Streams.ErrOut)
	if err != nil {
		return err
	}
	options.ClusterID, options.Namespace, options.Name = o.ClusterID, o.Target.Namespace, o.Target.Name
	options.Region = o.Region
	options.Keys = &oracle.Keys{Secrets: o.Target.Secrets, Name: o.secret(location), Location: o.Target.Name}
	if o.VCNID != "" {
		options.Registered = &v1beta1.OCILocation{VCNID: o.VCNID}
	}
	if location != nil {
		options.Region, options.Registered = location.Spec.Region, location.Spec.OCI
	}
	if registered := options.Registered; registered != nil {
		options.CompartmentID = cmp.Or(options.CompartmentID, registered.CompartmentID)
	}
	removal, err := onboarding.Offboard(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Streams.ErrOut, "\nThe location %s/%s is off board: %d things deleted, %d left as they are.\n",
		o.Target.Namespace, o.Target.Name, len(removal.Deleted), len(removal.Left))
	for _, left := range removal.Left {
		fmt.Fprintf(o.Streams.ErrOut, "  left: %s: %s\n", left.Name, left.Why)
	}
	return nil
}
