// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"net/netip"
	"path"
	"strings"
)

// maxSubnetBits is the smallest range of a subnetwork, /29:
// https://cloud.google.com/vpc/docs/subnets#valid-ranges
const maxSubnetBits = 29

// createSubnetwork wants a range that no other subnetwork of the network has.
func (e *Emulator) createSubnetwork(c *call) *Error {
	if err := e.resolve(c, c.body, "network"); err != nil {
		return err
	}
	wanted, err := netip.ParsePrefix(text(c.body["ipCidrRange"]))
	if err != nil || !wanted.Addr().Is4() || wanted != wanted.Masked() || wanted.Bits() > maxSubnetBits {
		return invalid("Invalid value for field 'resource.ipCidrRange': '%s'. Must be a valid IPv4 range of at least /29.", text(c.body["ipCidrRange"]))
	}
	for key, o := range e.objects {
		if path.Base(path.Dir(key)) != "subnetworks" || o["network"] != c.body["network"] {
			continue
		}
		if taken, err := netip.ParsePrefix(text(o["ipCidrRange"])); err == nil && taken.Overlaps(wanted) {
			return invalid("Invalid IPCidrRange: %s conflicts with existing subnetwork '%s' in region '%s'.", wanted, o["name"], base(text(o["region"])))
		}
	}
	return nil
}

// createFirewall fills in the defaults, which open the rule to everybody when no
// source is named.
// https://cloud.google.com/compute/docs/reference/rest/v1/firewalls
func (e *Emulator) createFirewall(c *call) *Error {
	if err := e.resolve(c, c.body, "network"); err != nil {
		return err
	}
	if (c.body["allowed"] == nil) == (c.body["denied"] == nil) {
		return invalid("Invalid value for field 'resource': exactly one of allowed and denied is required.")
	}
	for _, rule := range append(objects(c.body["allowed"]), objects(c.body["denied"])...) {
		if text(rule["IPProtocol"]) == "" {
			return invalid("Invalid value for field 'resource.allowed[0].IPProtocol': ''. It is required.")
		}
	}
	if c.body["direction"] == nil {
		c.body["direction"] = "INGRESS"
	}
	ingress := c.body["direction"] == "INGRESS"
	if sources := c.body["sourceTags"] != nil || c.body["sourceRanges"] != nil; !ingress && sources {
		return invalid("Invalid value for field 'resource.sourceTags': an egress rule has no source.")
	} else if ingress && !sources {
		c.body["sourceRanges"] = []any{"0.0.0.0/0"}
	}
	return checkTags(c.body, "sourceTags", "targetTags")
}

func checkTags(body object, fields ...string) *Error {
	for _, field := range fields {
		tags, _ := body[field].([]any)
		for _, tag := range tags {
			if !matches(`[a-z]([-a-z0-9]{0,61}[a-z0-9])?`, text(tag)) {
				return invalid("Invalid value for field 'resource.%s[0]': '%s'. Must be a network tag.", field, tag)
			}
		}
	}
	return nil
}

func (e *Emulator) createRouter(c *call) *Error {
	if err := e.resolve(c, c.body, "network"); err != nil {
		return err
	}
	return e.checkNATs(c.path+"/"+text(c.body["name"]), c.body)
}

// checkNATs wants a router's NAT gateways to be whole, and to be the only ones of
// the subnetworks in the network and region.
// https://cloud.google.com/nat/docs/nat-rules-overview
func (e *Emulator) checkNATs(target string, router object) *Error {
	nats := objects(router["nats"])
	for key, o := range e.objects {
		if key != target && path.Dir(key) == path.Dir(target) && o["network"] == router["network"] {
			nats = append(nats, objects(o["nats"])...)
		}
	}
	for _, nat := range nats {
		ranges := text(nat["sourceSubnetworkIpRangesToNat"])
		switch {
		case !matches(`[a-z]([-a-z0-9]{0,61}[a-z0-9])?`, text(nat["name"])):
			return invalid("Invalid value for field 'resource.nats[0].name': '%s'.", text(nat["name"]))
		case ranges == "" || nat["natIpAllocateOption"] == nil:
			return invalid("Required field 'resource.nats[0].sourceSubnetworkIpRangesToNat' or natIpAllocateOption not specified.")
		case nat["natIpAllocateOption"] == "MANUAL_ONLY" && nat["natIps"] == nil:
			return invalid("Invalid value for field 'resource.nats[0].natIps': none is given to allocate.")
		case strings.HasPrefix(ranges, "ALL_SUBNETWORKS_") && len(nats) > 1:
			return invalid("Invalid value for field 'resource.nats': a NAT of all subnetworks excludes every other one in the network and region.")
		}
	}
	return nil
}

// modifyRouter changes a router, if what comes of it is whole.
func (e *Emulator) modifyRouter(c *call, verb string) (object, *Error) {
	old, err := e.get(c.path)
	if err != nil {
		return nil, err
	}
	router := merged(copyOf(old).(object), c.body)
	if err := e.checkNATs(c.path, router); err != nil {
		return nil, err
	}
	return e.modify(c, c.path, verb, c.body)
}
