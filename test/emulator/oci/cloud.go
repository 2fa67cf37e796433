// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// cloud is the state of the emulated cloud.
type cloud struct {
	Options

	mu sync.Mutex
	// last number that was given out in an OCID.
	last   int
	things map[string]*thing
	tokens retryTokens
	// administrators may do everything; they are no things.
	administrators map[string]bool
}

// thing is a resource. Fields whose name begins with an underscore are the
// emulator's own and are never answered.
type thing struct {
	// collection it is in, for example instances.
	collection string
	fields     object
	// ahead are the states to come, in order.
	ahead []phase
	// visible is when others see the thing.
	visible time.Time
	// owner is the OCID of the thing it ends with.
	owner string
}

// phase is a state and when it begins. The state "" is the end of the thing.
type phase struct {
	at    time.Time
	state string
}

func (t *thing) id() string    { return t.text("id") }
func (t *thing) state() string { return t.text("lifecycleState") }

// text is a field as a string, empty when it is none.
func (t *thing) text(field string) string {
	s, _ := t.fields[field].(string)
	return s
}

// kind says how the things of a collection are made. No create: they come into
// being otherwise.
type kind struct {
	// ocid is the second part of the OCIDs; global ones name no region.
	ocid   string
	global bool
	// state of a new thing.
	state  string
	create func(*cloud, *call, *thing) *Error
	// uniqueName: another one of the same name is refused.
	uniqueName bool
	// settles: it takes a while to come and to go.
	settles bool
}

var kinds map[string]kind

// init breaks the cycle kinds, create functions, kinds.
func init() {
	kinds = map[string]kind{
		"vcns":                     {ocid: "vcn", state: "AVAILABLE", create: createVCN, settles: true},
		"subnets":                  {ocid: "subnet", state: "AVAILABLE", create: createSubnet, settles: true},
		"natGateways":              {ocid: "natgateway", state: "AVAILABLE", create: createNATGateway, settles: true},
		"routeTables":              {ocid: "routetable", state: "AVAILABLE", create: createPlain, settles: true},
		"securityLists":            {ocid: "securitylist", state: "AVAILABLE", create: createPlain, settles: true},
		"dhcps":                    {ocid: "dhcpoptions", state: "AVAILABLE"},
		"networkSecurityGroups":    {ocid: "networksecuritygroup", state: "AVAILABLE", create: createNSG, settles: true},
		"vnics":                    {ocid: "vnic", state: "AVAILABLE"},
		"vnicAttachments":          {ocid: "vnicattachment", state: "ATTACHED"},
		"bootVolumes":              {ocid: "bootvolume", state: "AVAILABLE"},
		"bootVolumeAttachments":    {ocid: "bootvolumeattachment", state: "ATTACHED"},
		"instances":                {ocid: "instance", state: "PROVISIONING", create: createInstance},
		"instanceConsoleHistories": {ocid: "consolehistory", state: "REQUESTED", create: createConsoleHistory},
		"images":                   {ocid: "image", state: "AVAILABLE"},
		"compartments":             {ocid: "compartment", global: true, state: "ACTIVE"},
		"tenancies":                {ocid: "tenancy", global: true, state: "ACTIVE"},
		"policies":                 {ocid: "policy", global: true, state: "ACTIVE", create: createPolicy, uniqueName: true},
		"dynamicGroups":            {ocid: "dynamicgroup", global: true, state: "ACTIVE", create: createPlain, uniqueName: true},
		"groups":                   {ocid: "group", global: true, state: "ACTIVE", create: createPlain, uniqueName: true},
		"users":                    {ocid: "user", global: true, state: "ACTIVE", create: createUser, uniqueName: true},
		"userGroupMemberships":     {ocid: "groupmembership", global: true, state: "ACTIVE", create: createMembership},
	}
}

// special operations are not create, get, list, update or delete of a collection.
var special = map[string]func(*cloud, *call) (*answer, *Error){
	"ListShapes":                              listShapes,
	"ListAvailabilityDomains":                 listAvailabilityDomains,
	"ListRegionSubscriptions":                 listRegionSubscriptions,
	"ListFaultDomains":                        listFaultDomains,
	"ListLimitValues":                         listLimitValues,
	"GetResourceAvailability":                 getResourceAvailability,
	"TerminateInstance":                       terminateInstance,
	"GetConsoleHistoryContent":                getConsoleHistoryContent,
	"ListApiKeys":                             listKeys,
	"AddNetworkSecurityGroupSecurityRules":    addSecurityRules,
	"ListNetworkSecurityGroupSecurityRules":   listSecurityRules,
	"RemoveNetworkSecurityGroupSecurityRules": removeSecurityRules,
}

// do carries out a call.
func (c *cloud) do(r *call) (*answer, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	if handler := special[r.op.name]; handler != nil {
		return handler(c, r)
	}
	collection, rest := r.op.collection()
	k, known := kinds[collection]
	switch {
	case !known, len(rest) > 1:
	case len(rest) == 0 && r.op.method == http.MethodPost && k.create != nil:
		return c.create(r, collection, k)
	case len(rest) == 0 && r.op.method == http.MethodGet:
		return c.list(r, collection)
	case len(rest) == 1 && r.op.method == http.MethodGet:
		return c.get(r, collection)
	case len(rest) == 1 && r.op.method == http.MethodPut:
		return c.update(r, collection)
	case len(rest) == 1 && r.op.method == http.MethodDelete && k.create != nil:
		return c.delete(r, collection)
	}
	return nil, notEmulated("%s", r.op.name)
}

// advance puts every thing into the state it has by now.
func (c *cloud) advance() {
	now := c.Clock.Now()
	for _, t := range c.things {
		for len(t.ahead) > 0 && !now.Before(t.ahead[0].at) {
			c.enter(t, t.ahead[0].state)
			t.ahead = t.ahead[1:]
		}
	}
}

func (c *cloud) enter(t *thing, state string) {
	if state == "" {
		delete(c.things, t.id())
		return
	}
	t.fields["lifecycleState"] = state
	if state == "TERMINATED" {
		c.end(t.id())
	}
}

// end deletes what a thing owns.
func (c *cloud) end(owner string) {
	maps.DeleteFunc(c.things, func(_ string, t *thing) bool { return t.owner == owner })
}

// soon are the given states, StateDelay after one another.
func (c *cloud) soon(states ...string) []phase {
	at := c.Clock.Now()
	phases := make([]phase, 0, len(states))
	for _, state := range states {
		at = at.Add(c.StateDelay)
		phases = append(phases, phase{at, state})
	}
	return phases
}

// add makes a thing of fields, with what every resource has.
func (c *cloud) add(collection string, fields object) *thing {
	k := kinds[collection]
	c.last++
	region := c.Region
	if k.global {
		region = ""
	}
	now := c.Clock.Now().UTC()
	t := &thing{collection: collection, visible: now, fields: object{
		"id":             fmt.Sprintf("ocid1.%s.oc1.%s.aaaaaaaa%052d", k.ocid, region, c.last),
		"lifecycleState": k.state,
		"timeCreated":    now.Format(time.RFC3339Nano),
		"displayName":    k.ocid + now.Format("20060102150405"),
		"freeformTags":   object{},
		"definedTags":    object{},
	}}
	maps.Copy(t.fields, fields)
	c.things[t.id()] = t
	return t
}

// find returns a thing that can be seen.
func (c *cloud) find(collection, id string) (*thing, *Error) {
	if !strings.HasPrefix(id, "ocid1.") {
		err := refuse("InvalidParameter", "%q is not an OCID", id)
		err.Status = http.StatusNotFound // of a path, as documented
		return nil, err
	}
	t, ok := c.things[id]
	if ok && collection == "compartments" && t.collection == "tenancies" {
		collection = t.collection // the tenancy is the root compartment
	}
	if ok && t.collection == collection && !c.Clock.Now().Before(t.visible) {
		return t, nil
	}
	return nil, notFound()
}

// Count tells how many resources there are of each kind; what has ended is not
// counted.
func (e *Emulator) Count() map[string]int {
	e.cloud.mu.Lock()
	defer e.cloud.mu.Unlock()
	e.cloud.advance()
	count := map[string]int{}
	for _, t := range e.cloud.things {
		if alive(t) {
			count[t.collection]++
		}
	}
	return count
}
