// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	"k8s.io/apimachinery/pkg/util/wait"
)

// resource is what the parts of a network have in common.
type resource struct {
	id, state string
	tags      map[string]string
}

// kind is one kind of them. Their lists look alike in the cloud, not in the SDK.
type kind struct {
	name string
	// list returns one page of those in a VCN; an empty VCN means any.
	list func(ctx context.Context, vcnID, page *string) ([]resource, *string, error)
	// remove deletes one.
	remove func(ctx context.Context, id *string) error
}

// mapped are the items of a list as resources.
func mapped[T any](items []T, of func(*T) resource) []resource {
	out := make([]resource, len(items))
	for i := range items {
		out[i] = of(&items[i])
	}
	return out
}

func (s *session) vcns() *kind {
	return &kind{name: "VCN",
		list: func(ctx context.Context, _, page *string) ([]resource, *string, error) {
			out, err := s.network.ListVcns(ctx, core.ListVcnsRequest{CompartmentId: &s.CompartmentID, Page: page})
			return mapped(out.Items, func(v *core.Vcn) resource { return resource{*v.Id, string(v.LifecycleState), v.FreeformTags} }), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteVcn(ctx, core.DeleteVcnRequest{VcnId: id})
			return err
		},
	}
}

func (s *session) natGateways() *kind {
	return &kind{name: "NAT gateway",
		list: func(ctx context.Context, vcnID, page *string) ([]resource, *string, error) {
			out, err := s.network.ListNatGateways(ctx, core.ListNatGatewaysRequest{CompartmentId: &s.CompartmentID, VcnId: vcnID, Page: page})
			return mapped(out.Items, func(n *core.NatGateway) resource { return resource{*n.Id, string(n.LifecycleState), n.FreeformTags} }), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteNatGateway(ctx, core.DeleteNatGatewayRequest{NatGatewayId: id})
			return err
		},
	}
}

func (s *session) routeTables() *kind {
	return &kind{name: "route table",
		list: func(ctx context.Context, vcnID, page *string) ([]resource, *string, error) {
			out, err := s.network.ListRouteTables(ctx, core.ListRouteTablesRequest{CompartmentId: &s.CompartmentID, VcnId: vcnID, Page: page})
			return mapped(out.Items, func(r *core.RouteTable) resource { return resource{*r.Id, string(r.LifecycleState), r.FreeformTags} }), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteRouteTable(ctx, core.DeleteRouteTableRequest{RtId: id})
			return err
		},
	}
}

func (s *session) securityLists() *kind {
	return &kind{name: "security list",
		list: func(ctx context.Context, vcnID, page *string) ([]resource, *string, error) {
			out, err := s.network.ListSecurityLists(ctx, core.ListSecurityListsRequest{CompartmentId: &s.CompartmentID, VcnId: vcnID, Page: page})
			return mapped(out.Items, func(l *core.SecurityList) resource { return resource{*l.Id, string(l.LifecycleState), l.FreeformTags} }), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteSecurityList(ctx, core.DeleteSecurityListRequest{SecurityListId: id})
			return err
		},
	}
}

func (s *session) subnets() *kind {
	return &kind{name: "subnet",
		list: func(ctx context.Context, vcnID, page *string) ([]resource, *string, error) {
			out, err := s.network.ListSubnets(ctx, core.ListSubnetsRequest{CompartmentId: &s.CompartmentID, VcnId: vcnID, Page: page})
			return mapped(out.Items, func(n *core.Subnet) resource { return resource{*n.Id, string(n.LifecycleState), n.FreeformTags} }), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteSubnet(ctx, core.DeleteSubnetRequest{SubnetId: id})
			return err
		},
	}
}

func (s *session) securityGroups() *kind {
	return &kind{name: "security group",
		list: func(ctx context.Context, vcnID, page *string) ([]resource, *string, error) {
			out, err := s.network.ListNetworkSecurityGroups(ctx, core.ListNetworkSecurityGroupsRequest{CompartmentId: &s.CompartmentID, VcnId: vcnID, Page: page})
			return mapped(out.Items, func(g *core.NetworkSecurityGroup) resource {
				return resource{*g.Id, string(g.LifecycleState), g.FreeformTags}
			}), out.OpcNextPage, err
		},
		remove: func(ctx context.Context, id *string) error {
			_, err := s.network.DeleteNetworkSecurityGroup(ctx, core.DeleteNetworkSecurityGroupRequest{NetworkSecurityGroupId: id})
			return err
		},
	}
}

// Things are shown for a while after their end.
const (
	available   = "AVAILABLE"
	terminating = "TERMINATING"
	terminated  = "TERMINATED"
)

// managed is the permission to make and delete all of the above.
const managed = "manage virtual-network-family"

// readyTimeout is how long a part of a network may take to come or to go: seconds,
// as a rule.
const readyTimeout = 5 * time.Minute

// own are the resources of a kind that have our tags and have not ended.
func (s *session) own(ctx context.Context, k *kind, vcnID *string) ([]resource, error) {
	var found []resource
	for page := (*string)(nil); ; {
		items, next, err := k.list(ctx, vcnID, page)
		if err != nil {
			return nil, s.refused(err, "list every "+k.name, managed, s.CompartmentID)
		}
		for _, r := range items {
			if r.state != terminated && s.ours(r.tags) {
				found = append(found, r)
			}
		}
		if page = next; page == nil {
			return found, nil
		}
	}
}

// ours tells whether something has the tags of the location.
func (s *session) ours(tags map[string]string) bool {
	for key, value := range s.tags {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// only returns the one resource of a kind with our tags, nil if there is none.
func (s *session) only(ctx context.Context, k *kind, vcnID *string) (*resource, error) {
	found, err := s.own(ctx, k, vcnID)
	found = slices.DeleteFunc(found, func(r resource) bool { return r.state == terminating })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("there is more than one %s with the tags of %s/%s (%s, %s): delete all but one and run this again",
			k.name, s.Namespace, s.Name, found[0].id, found[1].id)
	}
	return &found[0], nil
}

// ensure returns the one resource of a kind with our tags when it is available. One
// that is missing is made by create.
func (s *session) ensure(ctx context.Context, k *kind, vcnID *string, create func() error) (string, error) {
	found, err := s.only(ctx, k, vcnID)
	if err != nil {
		return "", err
	}
	if found == nil {
		if err := create(); err != nil {
			return "", s.refused(err, "make a "+k.name, managed, s.CompartmentID)
		}
	}
	err = s.until(ctx, "a "+k.name+" is available", func(ctx context.Context) (_ bool, err error) {
		if found == nil || found.state != available {
			found, err = s.only(ctx, k, vcnID)
		}
		return found != nil && found.state == available, err
	})
	if err != nil {
		return "", err
	}
	s.say("%s %s", k.name, found.id)
	return found.id, nil
}

// until waits for something to become true.
func (s *session) until(ctx context.Context, what string, condition wait.ConditionWithContextFunc) error {
	err := wait.PollUntilContextTimeout(ctx, s.Interval, readyTimeout, true, condition)
	if wait.Interrupted(err) {
		return fmt.Errorf("waited until %s, in vain: look at it in the console of OCI and run this again: %w", what, err)
	}
	return err
}
