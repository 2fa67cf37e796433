// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"context"
	"fmt"

	"github.com/oracle/oci-go-sdk/v65/core"
)

// Leftover is something that stays, and why.
type Leftover struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Removal is what an off-boarding has done.
type Removal struct {
	// Deleted things, by kind and OCID or name.
	Deleted []string `json:"deleted"`
	// Left as they are: what was not made here.
	Left []Leftover `json:"left"`
}

// removal is one run.
type removal struct {
	*session
	Removal
}

// Offboard deletes what Onboard made, found by its tags, and what was not made there
// stays. Nothing is deleted before it is certain that no machine is left. To run it
// again goes on from there; Register of the options is not called.
func Offboard(ctx context.Context, o Options) (*Removal, error) {
	s, err := newSession(o, 5)
	if err != nil {
		return nil, err
	}
	r := &removal{session: s, Removal: Removal{Deleted: []string{}, Left: []Leftover{}}}
	r.begin("Check the credentials and the region")
	if err := r.findHome(ctx); err != nil {
		return nil, err
	}
	r.say("tenancy %s", r.tenancyID)
	r.begin("Check that no machine is left")
	if err := r.checkMachines(ctx); err != nil {
		return nil, err
	}
	r.begin("Network")
	if err := r.removeNetwork(ctx); err != nil {
		return nil, err
	}
	// After the network: without the user nobody could end a machine that was
	// launched a moment ago. Without the network there is none.
	r.begin("Policy, user and group")
	if err := r.removeIdentity(ctx); err != nil {
		return nil, err
	}
	r.begin("Secret")
	if err := r.Keys.Delete(ctx); err != nil {
		return nil, err
	}
	return &r.Removal, nil
}

func (r *removal) deleted(what string) {
	r.say("%s deleted", what)
	r.Deleted = append(r.Deleted, what)
}

func (r *removal) left(what, why string) {
	r.say("%s stays: %s", what, why)
	r.Left = append(r.Left, Leftover{what, why})
}

// checkMachines refuses while there are machines with our tags, or any in our
// subnets.
func (r *removal) checkMachines(ctx context.Context) error {
	instances := core.ListInstancesRequest{CompartmentId: &r.CompartmentID}
	for {
		out, err := r.compute.ListInstances(ctx, instances)
		if err != nil {
			return r.refused(err, "list the machines", "inspect instances", r.CompartmentID)
		}
		for _, i := range out.Items {
			if i.LifecycleState != core.InstanceLifecycleStateTerminated && r.ours(i.FreeformTags) {
				return fmt.Errorf("machines of %s/%s are still there (%s): delete the edge location, wait until it is gone, and run this again", r.Namespace, r.Name, *i.Id)
			}
		}
		if instances.Page = out.OpcNextPage; instances.Page == nil {
			return r.checkSubnets(ctx)
		}
	}
}

// checkSubnets looks for machines of others.
func (r *removal) checkSubnets(ctx context.Context) error {
	subnets, err := r.own(ctx, r.subnets(), nil)
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, n := range subnets {
		ours[n.id] = true
	}
	attachments := core.ListVnicAttachmentsRequest{CompartmentId: &r.CompartmentID}
	for len(ours) > 0 {
		out, err := r.compute.ListVnicAttachments(ctx, attachments)
		if err != nil {
			return r.refused(err, "list the machines in the subnets", "inspect vnic-attachments", r.CompartmentID)
		}
		for _, a := range out.Items {
			if a.SubnetId != nil && ours[*a.SubnetId] && a.LifecycleState != core.VnicAttachmentLifecycleStateDetached {
				return fmt.Errorf("a machine that OMNI did not make is in %s (%s): terminate or move it, and run this again", *a.SubnetId, *a.InstanceId)
			}
		}
		if attachments.Page = out.OpcNextPage; attachments.Page == nil {
			break
		}
	}
	r.say("no machine is left")
	return nil
}

// removeNetwork deletes what refers before what it refers to.
func (r *removal) removeNetwork(ctx context.Context) error {
	for _, k := range []*kind{r.subnets(), r.securityGroups(), r.securityLists(), r.routeTables(), r.natGateways(), r.vcns()} {
		found, err := r.own(ctx, k, nil)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := r.remove(ctx, k, f); err != nil {
				return err
			}
		}
		err = r.until(ctx, "every "+k.name+" is gone", func(ctx context.Context) (bool, error) {
			if len(found) == 0 {
				return true, nil
			}
			found, err = r.own(ctx, k, nil)
			return len(found) == 0, err
		})
		if err != nil {
			return err
		}
	}
	if r.Registered == nil {
		return nil
	}
	_, err := r.network.GetVcn(ctx, core.GetVcnRequest{VcnId: &r.Registered.VCNID})
	switch {
	case err == nil:
		r.left("VCN "+r.Registered.VCNID+" with all that is in it", "OMNI did not make it")
	case !isAbsent(err):
		return r.refused(err, "read the VCN "+r.Registered.VCNID, "read virtual-network-family", r.CompartmentID)
	}
	return nil
}

// remove begins to delete one part of the network.
func (r *removal) remove(ctx context.Context, k *kind, f resource) error {
	if f.state == terminating {
		return nil
	}
	if err := k.remove(ctx, &f.id); err != nil {
		return r.refused(err, "delete the "+k.name+" "+f.id, managed, r.CompartmentID)
	}
	r.deleted(k.name + " " + f.id)
	return nil
}
