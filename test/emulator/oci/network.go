// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"net/netip"
)

// createVCN makes a network with the defaults that every VCN has.
func createVCN(c *cloud, _ *call, t *thing) *Error {
	blocks, _ := t.fields["cidrBlocks"].([]any)
	if len(blocks) == 0 {
		blocks = []any{t.fields["cidrBlock"]}
	}
	for _, block := range blocks {
		if text, _ := block.(string); !isPrefix(text) {
			return refuse("InvalidParameter", "cidrBlocks: %q is no CIDR block", text)
		}
	}
	t.fields["cidrBlocks"], t.fields["cidrBlock"] = blocks, blocks[0]
	for collection, field := range map[string]string{
		"routeTables": "defaultRouteTableId", "securityLists": "defaultSecurityListId", "dhcps": "defaultDhcpOptionsId",
	} {
		d := c.add(collection, object{
			"compartmentId": t.fields["compartmentId"], "vcnId": t.id(), "displayName": "Default of " + t.text("displayName"),
			"routeRules": []any{}, "ingressSecurityRules": defaultIngress, "egressSecurityRules": defaultEgress, "options": []any{},
		})
		d.owner = t.id()
		t.fields[field] = d.id()
	}
	return nil
}

// Rules of the security list that a VCN comes with: SSH from everywhere.
// https://docs.oracle.com/iaas/Content/Network/Concepts/securitylists.htm#Default
var (
	defaultIngress = []any{object{
		"protocol": "6", "source": "0.0.0.0/0", "sourceType": "CIDR_BLOCK", "isStateless": false,
		"tcpOptions": object{"destinationPortRange": object{"min": 22, "max": 22}},
	}}
	defaultEgress = []any{object{"protocol": "all", "destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK", "isStateless": false}}
)

func isPrefix(text string) bool {
	_, err := netip.ParsePrefix(text)
	return err == nil
}

// createSubnet makes a subnet in the VCN's range that overlaps no other.
func createSubnet(c *cloud, _ *call, t *thing) *Error {
	vcn, err := c.find("vcns", t.text("vcnId"))
	if err != nil {
		return err
	}
	prefix, parseErr := netip.ParsePrefix(t.text("cidrBlock"))
	if parseErr != nil {
		return refuse("InvalidParameter", "cidrBlock: %q is no CIDR block", t.text("cidrBlock"))
	}
	if !within(prefix, vcn.fields["cidrBlocks"]) {
		return refuse("InvalidParameter", "The subnet's %s is not in the VCN's %v", prefix, vcn.fields["cidrBlocks"])
	}
	for _, other := range c.things {
		if other != t && other.collection == "subnets" && other.state() != "TERMINATED" && other.text("vcnId") == vcn.id() && overlaps(prefix, other.text("cidrBlock")) {
			return refuse("InvalidParameter", "The requested CIDR %s is invalid: subnet %s with CIDR %s overlaps with it.", prefix, other.id(), other.text("cidrBlock"))
		}
	}
	if t.fields["routeTableId"] == nil {
		t.fields["routeTableId"] = vcn.fields["defaultRouteTableId"]
	}
	if t.fields["securityListIds"] == nil {
		t.fields["securityListIds"] = []any{vcn.fields["defaultSecurityListId"]}
	}
	t.fields["virtualRouterIp"], t.fields["virtualRouterMac"] = prefix.Addr().Next().String(), "00:00:17:00:00:01"
	return nil
}

func within(prefix netip.Prefix, blocks any) bool {
	list, _ := blocks.([]any)
	for _, block := range list {
		text, _ := block.(string)
		if b, err := netip.ParsePrefix(text); err == nil && b.Bits() <= prefix.Bits() && b.Contains(prefix.Addr()) {
			return true
		}
	}
	return false
}

func overlaps(prefix netip.Prefix, text string) bool {
	other, err := netip.ParsePrefix(text)
	return err == nil && other.Overlaps(prefix)
}

func createNATGateway(c *cloud, _ *call, t *thing) *Error {
	t.fields["blockTraffic"] = t.fields["blockTraffic"] == true
	t.fields["natIp"] = "203.0.113." + fmt.Sprint(c.last%250+1)
	if t.fields["publicIpId"] == nil {
		t.fields["publicIpId"] = fmt.Sprintf("ocid1.publicip.oc1.%s.aaaaaaaa%052d", c.Region, c.last)
	}
	return nil
}

func createNSG(_ *cloud, _ *call, t *thing) *Error {
	t.fields["_rules"] = []object{}
	return nil
}

// attachVNIC connects a new machine to the subnet of its createVnicDetails.
func (c *cloud) attachVNIC(t *thing) *Error {
	details, _ := t.fields["createVnicDetails"].(object)
	id, _ := details["subnetId"].(string)
	subnet := c.things[id]
	if subnet == nil {
		return refuse("MissingParameter", "Missing required field: createVnicDetails.subnetId")
	}
	public := subnet.fields["prohibitPublicIpOnVnic"] != true
	if wanted, given := details["assignPublicIp"].(bool); given {
		if wanted && !public {
			return refuse("InvalidParameter", "assignPublicIp: the subnet %s prohibits public IPs", id)
		}
		public = wanted
	}
	address, err := c.freeAddress(subnet)
	if err != nil {
		return err
	}
	where := object{"compartmentId": t.fields["compartmentId"], "availabilityDomain": t.fields["availabilityDomain"], "subnetId": id}
	vnic := c.add("vnics", object{
		"compartmentId": where["compartmentId"], "availabilityDomain": where["availabilityDomain"], "subnetId": id,
		"privateIp": address, "isPrimary": true, "nsgIds": details["nsgIds"],
	})
	if public {
		vnic.fields["publicIp"] = "198.51.100." + fmt.Sprint(c.last%250+1)
	}
	vnic.owner = t.id()
	where["instanceId"], where["vnicId"] = t.id(), vnic.id()
	c.add("vnicAttachments", where).owner = t.id()
	delete(t.fields, "createVnicDetails")
	return nil
}

// freeAddress is the first address of a subnet that no VNIC has. OCI keeps the
// first two and the last to itself.
func (c *cloud) freeAddress(subnet *thing) (string, *Error) {
	taken := map[string]bool{}
	for _, t := range c.things {
		if t.collection == "vnics" && t.text("subnetId") == subnet.id() {
			taken[t.text("privateIp")] = true
		}
	}
	prefix := netip.MustParsePrefix(subnet.text("cidrBlock"))
	for a := prefix.Addr().Next().Next(); prefix.Contains(a.Next()); a = a.Next() {
		if !taken[a.String()] {
			return a.String(), nil
		}
	}
	return "", refuse("LimitExceeded", "The subnet %s has no free private IP address", subnet.id())
}

// nsg is the group the path names.
func (c *cloud) nsg(r *call) (*thing, []object, *Error) {
	t, err := c.find("networkSecurityGroups", r.vars["networkSecurityGroupId"])
	if err != nil {
		return nil, nil, err
	}
	rules, _ := t.fields["_rules"].([]object)
	return t, rules, nil
}

func addSecurityRules(c *cloud, r *call) (*answer, *Error) {
	t, rules, err := c.nsg(r)
	if err != nil {
		return nil, err
	}
	if err := c.checkInput(r); err != nil {
		return nil, err
	}
	added := []object{}
	wanted, _ := r.details["securityRules"].([]any)
	for _, w := range wanted {
		rule := w.(object) //nolint:forcetypeassert // validated by the SDK's type
		c.last++
		rule["id"], rule["isValid"] = fmt.Sprintf("%06X", c.last), true
		added = append(added, rule)
	}
	t.fields["_rules"] = append(rules, added...)
	return &answer{body: object{"securityRules": added}}, nil
}

func listSecurityRules(c *cloud, r *call) (*answer, *Error) {
	_, rules, err := c.nsg(r)
	if err != nil {
		return nil, err
	}
	direction := r.query.Get("direction")
	out := []object{}
	for _, rule := range rules {
		if direction == "" || rule["direction"] == direction {
			out = append(out, rule)
		}
	}
	return c.page(r, out)
}

func removeSecurityRules(c *cloud, r *call) (*answer, *Error) {
	t, rules, err := c.nsg(r)
	if err != nil {
		return nil, err
	}
	gone := map[any]bool{}
	ids, _ := r.details["securityRuleIds"].([]any)
	for _, id := range ids {
		gone[id] = true
	}
	kept := []object{}
	for _, rule := range rules {
		if !gone[rule["id"]] {
			kept = append(kept, rule)
		}
	}
	t.fields["_rules"] = kept
	return &answer{}, nil
}
