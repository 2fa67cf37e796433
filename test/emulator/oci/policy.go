// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"regexp"
	"slices"
	"strings"
)

// verbs of the policy language; each includes those before it.
var verbs = []string{"inspect", "read", "use", "manage"}

// need is what an operation asks of the policies: a verb on a type of resource.
type need struct{ verb, resource string }

// needs of the operations, from Oracle's tables of permissions. A user who is no
// administrator may call no other operation.
// https://docs.oracle.com/iaas/Content/Identity/Reference/corepolicyreference.htm
// https://docs.oracle.com/iaas/Content/Identity/Reference/iampolicyreference.htm
var needs = map[string][]need{
	"GetCompartment":           {{"inspect", "compartments"}},
	"ListAvailabilityDomains":  {{"inspect", "compartments"}},
	"ListShapes":               {{"inspect", "instances"}},
	"ListInstances":            {{"inspect", "instances"}},
	"GetInstance":              {{"read", "instances"}},
	"LaunchInstance":           {{"manage", "instances"}, {"read", "instance-images"}, {"use", "vnics"}, {"use", "subnets"}, {"use", "network-security-groups"}},
	"TerminateInstance":        {{"manage", "instances"}, {"use", "vnics"}, {"use", "subnets"}},
	"ListImages":               {{"inspect", "instance-images"}},
	"GetImage":                 {{"read", "instance-images"}},
	"GetSubnet":                {{"read", "subnets"}},
	"GetNetworkSecurityGroup":  {{"read", "network-security-groups"}},
	"CaptureConsoleHistory":    {{"manage", "console-histories"}, {"read", "instances"}},
	"GetConsoleHistory":        {{"inspect", "console-histories"}},
	"GetConsoleHistoryContent": {{"read", "console-histories"}},
	"DeleteConsoleHistory":     {{"manage", "console-histories"}},
	"ListVnicAttachments":      {{"inspect", "vnic-attachments"}, {"inspect", "instances"}},

	"ListVcns":                              {{"inspect", "vcns"}},
	"GetVcn":                                {{"read", "vcns"}},
	"CreateVcn":                             {{"manage", "vcns"}},
	"DeleteVcn":                             {{"manage", "vcns"}},
	"ListNatGateways":                       {{"inspect", "nat-gateways"}},
	"CreateNatGateway":                      {{"manage", "nat-gateways"}, {"manage", "vcns"}},
	"DeleteNatGateway":                      {{"manage", "nat-gateways"}, {"manage", "vcns"}},
	"ListRouteTables":                       {{"inspect", "route-tables"}},
	"GetRouteTable":                         {{"read", "route-tables"}},
	"CreateRouteTable":                      {{"manage", "route-tables"}, {"manage", "vcns"}, {"manage", "nat-gateways"}},
	"UpdateRouteTable":                      {{"manage", "route-tables"}, {"manage", "nat-gateways"}},
	"DeleteRouteTable":                      {{"manage", "route-tables"}, {"manage", "vcns"}, {"manage", "nat-gateways"}},
	"ListSecurityLists":                     {{"inspect", "security-lists"}},
	"CreateSecurityList":                    {{"manage", "security-lists"}, {"manage", "vcns"}},
	"DeleteSecurityList":                    {{"manage", "security-lists"}, {"manage", "vcns"}},
	"ListSubnets":                           {{"inspect", "subnets"}},
	"CreateSubnet":                          {{"manage", "subnets"}, {"manage", "vcns"}, {"manage", "route-tables"}, {"manage", "security-lists"}, {"manage", "dhcp-options"}},
	"DeleteSubnet":                          {{"manage", "subnets"}, {"manage", "vcns"}, {"manage", "route-tables"}, {"manage", "security-lists"}, {"manage", "dhcp-options"}},
	"ListNetworkSecurityGroups":             {{"inspect", "network-security-groups"}},
	"CreateNetworkSecurityGroup":            {{"manage", "network-security-groups"}, {"manage", "vcns"}},
	"DeleteNetworkSecurityGroup":            {{"manage", "network-security-groups"}, {"manage", "vcns"}},
	"ListNetworkSecurityGroupSecurityRules": {{"use", "network-security-groups"}},
	"AddNetworkSecurityGroupSecurityRules":  {{"manage", "network-security-groups"}},

	"ListRegionSubscriptions":  {{"inspect", "tenancies"}},
	"ListUsers":                {{"inspect", "users"}},
	"CreateUser":               {{"manage", "users"}},
	"DeleteUser":               {{"manage", "users"}},
	"ListApiKeys":              {{"read", "users"}},
	"UploadApiKey":             {{"manage", "users"}},
	"DeleteApiKey":             {{"manage", "users"}},
	"ListGroups":               {{"inspect", "groups"}},
	"CreateGroup":              {{"manage", "groups"}},
	"DeleteGroup":              {{"manage", "groups"}},
	"ListUserGroupMemberships": {{"inspect", "groups"}, {"inspect", "users"}},
	"AddUserToGroup":           {{"use", "groups"}, {"use", "users"}},
	"RemoveUserFromGroup":      {{"use", "groups"}, {"use", "users"}},
	"ListPolicies":             {{"inspect", "policies"}},
	"CreatePolicy":             {{"manage", "policies"}},
	"UpdatePolicy":             {{"manage", "policies"}},
	"DeletePolicy":             {{"manage", "policies"}},
}

// families of types of resources.
var families = map[string][]string{
	"instance-family": {"instances", "instance-images", "console-histories"},
	"virtual-network-family": {
		"vcns", "nat-gateways", "route-tables", "security-lists", "dhcp-options", "subnets", "network-security-groups", "vnics", "vnic-attachments",
	},
}

// allow is the part of the policy language that is enforced: a group, a verb, a
// type or a family, a compartment by name or OCID, or the tenancy. Statements that
// say more grant nothing here.
var allow = regexp.MustCompile(`(?i)^allow group (\S+) to (inspect|read|use|manage) (\S+) in (tenancy|compartment (?:id )?(\S+))$`)

// authorize refuses what the policies do not let a user do. The administrator that
// the emulator starts with may do everything.
func (c *cloud) authorize(r *call) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.administrators[r.user]:
		return nil
	case c.things[r.user] == nil:
		return notAuthenticated("the user was deleted")
	}
	wanted, known := needs[r.op.name]
	if !known {
		return notFound()
	}
	compartment := c.compartmentOf(r)
	groups := c.groupsOf(r.user)
	for _, n := range wanted {
		if !c.granted(groups, n, compartment) {
			return notFound()
		}
	}
	return nil
}

// compartmentOf is the compartment that a call is about.
func (c *cloud) compartmentOf(r *call) string {
	if id, ok := r.details["compartmentId"].(string); ok {
		return id
	}
	if id := r.query.Get("compartmentId"); id != "" {
		return id
	}
	ids := []string{}
	for _, id := range r.vars {
		ids = append(ids, id)
	}
	for _, field := range []string{"instanceId", "userId"} {
		if id, ok := r.details[field].(string); ok {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		switch t := c.things[id]; {
		case t == nil:
		case t.collection == "compartments", t.collection == "tenancies":
			return id
		case t.collection == "images":
			return c.CompartmentID // those of the platform are everybody's
		default:
			return t.text("compartmentId")
		}
	}
	return ""
}

// groupsOf are the names of a user's groups.
func (c *cloud) groupsOf(user string) []string {
	var names []string
	for _, t := range c.things {
		if t.collection == "userGroupMemberships" && t.text("userId") == user {
			names = append(names, c.things[t.text("groupId")].text("name"))
		}
	}
	return names
}

// granted tells whether a statement gives one of the groups what is needed.
func (c *cloud) granted(groups []string, n need, compartment string) bool {
	for _, t := range c.things {
		if t.collection != "policies" {
			continue
		}
		statements, _ := t.fields["statements"].([]any)
		for _, s := range statements {
			text, _ := s.(string)
			m := allow.FindStringSubmatch(text)
			if m != nil && slices.Contains(groups, m[1]) && n.within(strings.ToLower(m[2]), m[3]) && c.inScope(m[5], compartment) {
				return true
			}
		}
	}
	return false
}

// within tells whether a verb on a type or a family is enough.
func (n need) within(verb, resource string) bool {
	return slices.Index(verbs, verb) >= slices.Index(verbs, n.verb) &&
		(resource == n.resource || resource == "all-resources" || slices.Contains(families[resource], n.resource))
}

// inScope tells whether a compartment is the one of a statement, by its OCID or its
// name. No scope is the tenancy.
func (c *cloud) inScope(scope, compartment string) bool {
	if scope == "" || scope == compartment {
		return true
	}
	t := c.things[compartment]
	return t != nil && t.text("name") == scope
}
