// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// domainPrefix is the tenancy's own: the same domain has another name in each.
const domainPrefix = "EMUL:"

// newCloud returns a cloud with its compartments and images.
func newCloud(o Options) *cloud {
	o.HomeRegion = cmp.Or(o.HomeRegion, o.Region)
	c := &cloud{Options: o, things: map[string]*thing{}, tokens: retryTokens{}, administrators: map[string]bool{}}
	c.add("tenancies", object{"id": c.TenancyID, "name": "emulated", "compartmentId": nil, "description": "the root compartment", "homeRegionKey": "IAD"})
	c.add("compartments", object{"id": c.CompartmentID, "name": "omni", "compartmentId": c.TenancyID, "description": "below the root"})
	for _, i := range []struct{ name, system, version, architecture, created string }{
		{"Canonical-Ubuntu-24.04-2026.09.30-0", "Canonical Ubuntu", "24.04", "amd64", "2026-09-30T00:00:00Z"},
		{"Canonical-Ubuntu-24.04-2026.10.31-0", "Canonical Ubuntu", "24.04", "amd64", "2026-10-31T00:00:00Z"},
		{"Canonical-Ubuntu-24.04-aarch64-2026.10.31-0", "Canonical Ubuntu", "24.04", "arm64", "2026-10-31T01:00:00Z"},
		{"Canonical-Ubuntu-24.04-Minimal-2026.10.31-0", "Canonical Ubuntu", "24.04 Minimal", "amd64", "2026-10-31T02:00:00Z"},
		{"Oracle-Linux-8.10-Gen2-GPU-2026.10.29-0", "Oracle Linux", "8", "amd64", "2026-10-29T00:00:00Z"},
	} {
		c.add("images", object{
			"displayName": i.name, "operatingSystem": i.system, "operatingSystemVersion": i.version, "timeCreated": i.created,
			"compartmentId": nil, "createImageAllowed": true, "sizeInMBs": 47694, "_architecture": i.architecture,
		})
	}
	return c
}

// domainNames of the regions whose domains are not called after the region.
var domainNames = map[string]string{"us-ashburn-1": "US-ASHBURN", "us-phoenix-1": "PHX"}

// domains are the names of the availability domains.
func (c *cloud) domains() []string {
	region := cmp.Or(domainNames[c.Region], strings.ToUpper(c.Region))
	names := make([]string, 3)
	for i := range names {
		names[i] = fmt.Sprintf("%s%s-AD-%d", domainPrefix, region, i+1)
	}
	return names
}

func (c *cloud) hasDomain(name string) bool { return slices.Contains(c.domains(), name) }

func listAvailabilityDomains(c *cloud, r *call) (*answer, *Error) {
	if err := c.checkQuery(r); err != nil {
		return nil, err
	}
	out := []object{}
	for i, name := range c.domains() {
		out = append(out, object{
			"name": name, "compartmentId": r.query.Get("compartmentId"), "id": fmt.Sprintf("ocid1.availabilitydomain.oc1..aaaaaaaa%052d", i+1),
		})
	}
	return &answer{body: out}, nil
}

func listFaultDomains(c *cloud, r *call) (*answer, *Error) {
	domain := r.query.Get("availabilityDomain")
	if !c.hasDomain(domain) {
		return nil, notFound()
	}
	out := []object{}
	for i := range 3 {
		out = append(out, object{
			"name": fmt.Sprintf("FAULT-DOMAIN-%d", i+1), "id": fmt.Sprintf("ocid1.faultdomain.oc1..aaaaaaaa%052d", i+1),
			"compartmentId": r.query.Get("compartmentId"), "availabilityDomain": domain,
		})
	}
	return &answer{body: out}, nil
}

func listRegionSubscriptions(c *cloud, r *call) (*answer, *Error) {
	if r.vars["tenancyId"] != c.TenancyID {
		return nil, notFound()
	}
	out := []object{{"regionKey": regionKey(c.Region), "regionName": c.Region, "status": "READY", "isHomeRegion": c.Region == c.HomeRegion}}
	if c.Region != c.HomeRegion {
		out = append(out, object{"regionKey": regionKey(c.HomeRegion), "regionName": c.HomeRegion, "status": "READY", "isHomeRegion": true})
	}
	return &answer{body: out}, nil
}

// regionKey is the short name of a region, as in IAD; those that are not known have
// their own name.
func regionKey(region string) string {
	return cmp.Or(map[string]string{"us-ashburn-1": "IAD", "us-phoenix-1": "PHX"}[region], strings.ToUpper(region))
}

// atHome in the context of a request says that it came to the home region.
type atHome struct{}

// checkHome refuses to write Identity elsewhere:
// https://docs.oracle.com/iaas/Content/Identity/regions/managingregions.htm
func (c *cloud) checkHome(r *http.Request, op *operation) *Error {
	collection, _ := op.collection()
	if op.method == http.MethodGet || !kinds[collection].global || c.Region == c.HomeRegion || r.Context().Value(atHome{}) != nil {
		return nil
	}
	return refuse("NotAllowed", "Please go to your home region %s to execute CREATE, UPDATE and DELETE operations.", regionKey(c.HomeRegion))
}

// limit of every service limit of a shape: OCPUs, or GPUs.
const limit = 1000

func listLimitValues(c *cloud, r *call) (*answer, *Error) {
	if r.query.Get("serviceName") != "compute" {
		return nil, notEmulated("limits of other services than compute")
	}
	out := []object{}
	for _, domain := range c.domains() {
		for _, name := range limitNames() {
			if want := r.query.Get("name"); want == "" || want == name {
				out = append(out, object{"name": name, "scopeType": "AD", "availabilityDomain": domain, "value": limit})
			}
		}
	}
	return c.page(r, out)
}

func limitNames() []string {
	names := []string{}
	for i := range shapes {
		if !slices.Contains(names, shapes[i].limit) {
			names = append(names, shapes[i].limit)
		}
	}
	return names
}

// getResourceAvailability answers how much of a limit is left in a domain.
func getResourceAvailability(c *cloud, r *call) (*answer, *Error) {
	name, domain := r.vars["limitName"], r.query.Get("availabilityDomain")
	if r.vars["serviceName"] != "compute" || !slices.Contains(limitNames(), name) {
		return nil, notFound()
	}
	if !c.hasDomain(domain) {
		return nil, refuse("InvalidParameter", "availabilityDomain is needed for %s, whose scope is the AD", name)
	}
	used := 0.0
	for _, t := range c.things {
		s := c.shape(t.text("shape"))
		if t.collection != "instances" || t.text("availabilityDomain") != domain || !alive(t) || s.limit != name {
			continue
		}
		config, _ := t.fields["shapeConfig"].(object)
		if s.gpus > 0 {
			used += float64(s.gpus)
		} else if n, ok := config["ocpus"].(float64); ok {
			used += n
		}
	}
	return &answer{body: object{"used": int(used), "available": int(limit - used)}}, nil
}
