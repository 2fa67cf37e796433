// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

func TestNetworkRules(t *testing.T) {
	url, _ := start(t)
	nat := func(changes object) object {
		n := object{"name": "n", "natIpAllocateOption": "AUTO_ONLY", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
		maps.Copy(n, changes)
		return n
	}
	router := func(nats ...object) object {
		return object{"name": "r", "network": "global/networks/edges", "nats": nats}
	}
	firewall := func(changes object) object {
		f := object{"name": "f", "network": "global/networks/edges", "allowed": []any{object{"IPProtocol": "all"}}}
		maps.Copy(f, changes)
		return f
	}
	region := project + "/regions/" + gcptest.Region
	for name, test := range map[string]struct {
		path  string
		body  object
		words string
	}{
		"no range":           {region + "/subnetworks", object{"name": "s", "network": "global/networks/edges", "ipCidrRange": "10.0.0.1/20"}, "ipCidrRange"},
		"taken range":        {region + "/subnetworks", object{"name": "s", "network": "global/networks/edges", "ipCidrRange": "10.0.8.0/24"}, "existing subnetwork 'edges'"},
		"no such network":    {region + "/routers", object{"name": "r", "network": "global/networks/x"}, "network"},
		"NAT without a name": {region + "/routers", router(nat(object{"name": ""})), "nats[0].name"},
		"NAT of what":        {region + "/routers", router(nat(object{"sourceSubnetworkIpRangesToNat": nil})), "sourceSubnetworkIpRangesToNat"},
		"NAT by hand":        {region + "/routers", router(nat(object{"natIpAllocateOption": "MANUAL_ONLY"})), "natIps"},
		"two NATs":           {region + "/routers", router(nat(nil), nat(object{"name": "m"})), "excludes"},
		"rule of nothing":    {project + "/global/firewalls", firewall(object{"allowed": nil}), "allowed and denied"},
		"rule of both":       {project + "/global/firewalls", firewall(object{"denied": []any{object{"IPProtocol": "all"}}}), "allowed and denied"},
		"tag":                {project + "/global/firewalls", firewall(object{"sourceTags": []string{"A"}}), "sourceTags"},
		"source of egress":   {project + "/global/firewalls", firewall(object{"direction": "EGRESS", "sourceTags": []string{"a"}}), "egress"},
	} {
		t.Run(name, func(t *testing.T) { want(t, http.MethodPost, url+test.path, test.body, 400, test.words) })
	}
	gcptest.Do(t, http.MethodPost, url+region+"/routers", object{"name": "r", "network": "global/networks/edges"})
	want(t, http.MethodPatch, url+region+"/routers/r", object{"nats": []any{nat(object{"name": ""})}}, 400, "nats[0].name")
	gcptest.Do(t, http.MethodPatch, url+region+"/routers/r", object{"nats": []any{nat(nil)}})
	second := router(nat(nil))
	second["name"] = "r2"
	want(t, http.MethodPost, url+region+"/routers", second, 400, "excludes")

	gcptest.Do(t, http.MethodPost, url+project+"/global/firewalls", firewall(nil))
	if open := gcptest.Do(t, http.MethodGet, url+project+"/global/firewalls/f", nil)["sourceRanges"].([]any); open[0] != "0.0.0.0/0" {
		t.Errorf("a rule without a source is open to %v", open)
	}
	gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	nic := gcptest.Do(t, http.MethodGet, url+instances+"/m1", nil)["networkInterfaces"].([]any)[0].(object)
	if nic["network"] != url+project+"/global/networks/edges" {
		t.Errorf("the machine is in the network %v", nic["network"])
	}
}
