// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboarding_test

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// made is what an onboarding adds to the cloud.
var made = map[string]int{
	"vcns": 1, "natGateways": 1, "routeTables": 2, "securityLists": 2, "dhcps": 1, "subnets": 1, "networkSecurityGroups": 1,
	"users": 1, "groups": 1, "userGroupMemberships": 1, "policies": 1, "apiKeys": 1,
}

// added is what there is more than at first.
func added(now, first map[string]int) map[string]int {
	more := maps.Clone(now)
	for collection, n := range first {
		more[collection] -= n
	}
	maps.DeleteFunc(more, func(_ string, n int) bool { return n == 0 })
	return more
}

func TestOnboard(t *testing.T) {
	w := newWorld(t)
	first := w.Emulator.Count()
	result := w.mustOnboard(func(o *onboarding.Options) { o.UserEmail = "omni@example.com" })
	if got := added(w.Emulator.Count(), first); !maps.Equal(got, made) {
		t.Errorf("made %v, want %v", got, made)
	}
	user, err := w.Identity(t).GetUser(t.Context(), identity.GetUserRequest{UserId: &result.UserID})
	if err != nil || *user.Email != "omni@example.com" || *user.Name != result.Name {
		t.Errorf("user %+v, %v", user.User, err)
	}
	if !reflect.DeepEqual(w.registered, &result.OCI) || len(result.OCI.SubnetIDs) != 3 || result.OCI.SubnetIDs[ocitest.Zone] == "" {
		t.Errorf("registered %+v, result %+v", w.registered, result)
	}
	if text := w.progress.String(); strings.Contains(text, "PRIVATE") || !strings.Contains(text, "[1/9]") || !strings.Contains(text, "[9/9]") {
		t.Errorf("progress: %s", text)
	}
	t.Run("again", func(t *testing.T) {
		again := w.mustOnboard(nil)
		// Registering is idempotent by itself.
		if w.changes != 1 || w.stores != 1 {
			t.Errorf("the second run made %d changes and stored %d keys, want only the registration", w.changes, w.stores)
		}
		if !reflect.DeepEqual(again, result) {
			t.Errorf("the second run found %+v, want %+v", again, result)
		}
	})
	t.Run("network", func(t *testing.T) { checkNetwork(t, w) })
}

// checkNetwork looks at the network with another client.
func checkNetwork(t *testing.T, w *world) {
	network := w.Network(t)
	id := w.registered.SubnetIDs[ocitest.Zone]
	subnet, err := network.GetSubnet(t.Context(), core.GetSubnetRequest{SubnetId: &id})
	if err != nil || !*subnet.ProhibitPublicIpOnVnic || subnet.AvailabilityDomain != nil || len(subnet.SecurityListIds) != 1 || subnet.LifecycleState != core.SubnetLifecycleStateAvailable {
		t.Fatalf("subnet %+v, %v", subnet.Subnet, err)
	}
	for key, want := range oci.Tags("main", "team-a", "oci-ashburn") {
		if subnet.FreeformTags[key] != want {
			t.Errorf("tag %s = %q, want %q", key, subnet.FreeformTags[key], want)
		}
	}
	list, err := network.GetSecurityList(t.Context(), core.GetSecurityListRequest{SecurityListId: &subnet.SecurityListIds[0]})
	if err != nil || len(list.IngressSecurityRules) != 0 || len(list.EgressSecurityRules) != 0 {
		t.Errorf("the security list allows something: %+v, %v", list.SecurityList, err)
	}
	table, err := network.GetRouteTable(t.Context(), core.GetRouteTableRequest{RtId: subnet.RouteTableId})
	if err != nil || len(table.RouteRules) != 1 || !strings.HasPrefix(*table.RouteRules[0].NetworkEntityId, "ocid1.natgateway.") {
		t.Errorf("routes: %+v, %v", table.RouteRules, err)
	}
	rules, err := network.ListNetworkSecurityGroupSecurityRules(t.Context(), core.ListNetworkSecurityGroupSecurityRulesRequest{NetworkSecurityGroupId: &w.registered.NSGID})
	if err != nil || len(rules.Items) != 2 {
		t.Fatalf("rules: %+v, %v", rules.Items, err)
	}
	for _, rule := range rules.Items {
		in := rule.Direction == core.SecurityRuleDirectionIngress
		if in && *rule.Source != w.registered.NSGID || !in && *rule.Destination != "0.0.0.0/0" {
			t.Errorf("rule: %+v", rule)
		}
	}
}

// TestLeastPrivilege: the user can do all that a provider does, and nothing else.
func TestLeastPrivilege(t *testing.T) {
	w := newWorld(t)
	w.mustOnboard(nil)
	here, err := oci.New(w.location())
	if err != nil {
		t.Fatal(err)
	}
	other := w.location()
	other.Name = "oci-ashburn-2"
	elsewhere, err := oci.New(other)
	if err != nil {
		t.Fatal(err)
	}
	cloudtest.Run(t, cloudtest.Setup{
		Provider: here, Elsewhere: elsewhere, InstanceType: "VM.Standard.E5.Flex-4-32", Zone: ocitest.Zone,
		UnknownID: "ocid1.instance.oc1.us-ashburn-1.aaaaaaaanosuchmachine", UnknownImage: "ocid1.image.oc1.us-ashburn-1.aaaaaaaanosuchimage", Settle: time.Minute,
	})
	network, networkErr := core.NewVirtualNetworkClientWithConfigurationProvider(w.signer())
	people, identityErr := identity.NewIdentityClientWithConfigurationProvider(w.signer())
	if networkErr != nil || identityErr != nil {
		t.Fatal(networkErr, identityErr)
	}
	w.Use(&network.BaseClient)
	w.Use(&people.BaseClient)
	people.Host, people.HTTPClient = w.endpoint(ocitest.HomeRegion), w.client
	id := w.registered.SubnetIDs[ocitest.Zone]
	for name, do := range map[string]func() error{
		"delete the subnet": func() error {
			_, err := network.DeleteSubnet(t.Context(), core.DeleteSubnetRequest{SubnetId: &id})
			return err
		},
		"open the security group": func() error {
			_, err := network.AddNetworkSecurityGroupSecurityRules(t.Context(), core.AddNetworkSecurityGroupSecurityRulesRequest{NetworkSecurityGroupId: &w.registered.NSGID})
			return err
		},
		"let itself do more": func() error {
			_, err := people.CreatePolicy(t.Context(), identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
				CompartmentId: new(ocitest.TenancyID), Name: new("more"), Description: new("more"),
				Statements: []string{"Allow any-user to manage all-resources in tenancy"},
			}})
			return err
		},
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "NotAuthorizedOrNotFound") {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}

// TestInterrupted cuts the line after every call of a run in turn: the cloud has done
// what was asked, and the answer is lost. The next run goes on from there.
func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	first := w.Emulator.Count()
	w.mustOnboard(nil)
	onboardCalls := w.calls
	if _, err := w.offboard(0, nil); err != nil {
		t.Fatal(err)
	}
	offboardCalls := w.calls
	if onboardCalls < 30 || offboardCalls < 20 {
		t.Fatalf("%d and %d calls: too few to be all of it", onboardCalls, offboardCalls)
	}
	t.Logf("an onboarding has %d calls, an off-boarding %d", onboardCalls, offboardCalls)
	for cut := range max(onboardCalls, offboardCalls) {
		w.registered = nil
		if cut < onboardCalls {
			if _, err := w.onboard(cut+1, nil); err == nil {
				t.Fatalf("cut after call %d, and there was no error", cut+1)
			}
		}
		w.mustOnboard(nil)
		if got := added(w.Emulator.Count(), first); !maps.Equal(got, made) {
			t.Fatalf("onboarding cut after call %d and run again made %v, want %v", cut+1, got, made)
		}
		if cut < offboardCalls {
			if _, err := w.offboard(cut+1, nil); err == nil {
				t.Fatalf("off-boarding cut after call %d, and there was no error", cut+1)
			}
		}
		if _, err := w.offboard(0, nil); err != nil {
			t.Fatalf("off-boarding cut after call %d and run again: %v", cut+1, err)
		}
		if got := added(w.Emulator.Count(), first); len(got) > 0 || w.key != nil {
			t.Fatalf("off-boarding cut after call %d and run again left %v and the key %v", cut+1, got, w.key)
		}
	}
}

// TestKeyIsLost: a Secret that is gone, or spoiled, is made anew, and OCI forgets the
// old key.
func TestKeyIsLost(t *testing.T) {
	for name, spoil := range map[string]func(*oci.APIKey) *oci.APIKey{
		"gone": func(*oci.APIKey) *oci.APIKey { return nil },
		"no key": func(k *oci.APIKey) *oci.APIKey {
			return &oci.APIKey{UserID: k.UserID, Fingerprint: k.Fingerprint, PrivateKey: "-"}
		},
		"other user": func(k *oci.APIKey) *oci.APIKey {
			return &oci.APIKey{UserID: "u", Fingerprint: k.Fingerprint, PrivateKey: k.PrivateKey}
		},
		"wrong print": func(k *oci.APIKey) *oci.APIKey {
			return &oci.APIKey{UserID: k.UserID, Fingerprint: "aa", PrivateKey: k.PrivateKey}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.mustOnboard(nil)
			w.key = spoil(w.key)
			after := w.mustOnboard(func(o *onboarding.Options) { o.NewKey = nil })
			if after.UserID != before.UserID || after.Fingerprint == before.Fingerprint || w.key.Fingerprint != after.Fingerprint {
				t.Errorf("before %+v, after %+v", before, after)
			}
			keys, err := w.Identity(t).ListApiKeys(t.Context(), identity.ListApiKeysRequest{UserId: &after.UserID})
			if err != nil || len(keys.Items) != 1 || *keys.Items[0].Fingerprint != after.Fingerprint {
				t.Errorf("keys of the user: %+v, %v", keys.Items, err)
			}
		})
	}
}

// TestSlowCloud: what takes a while to come and to go is waited for.
func TestSlowCloud(t *testing.T) {
	w := newSlowWorld(t, 50*time.Millisecond)
	first, network := w.Emulator.Count(), w.Network(t)
	w.before = func(r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/natGateways") {
			return
		}
		vcns, err := network.ListVcns(t.Context(), core.ListVcnsRequest{CompartmentId: new(ocitest.CompartmentID)})
		if err != nil || len(vcns.Items) != 1 || vcns.Items[0].LifecycleState != core.VcnLifecycleStateAvailable {
			t.Errorf("a NAT gateway is asked for in %+v, %v", vcns.Items, err)
		}
	}
	w.mustOnboard(nil)
	checkNetwork(t, w)
	if _, err := w.offboard(0, nil); err != nil {
		t.Fatal(err)
	}
	if got := added(w.Emulator.Count(), first); len(got) > 0 {
		t.Errorf("left %v", got)
	}
}

// TestBringYourOwn: nothing is made in a network of one's own but a security group,
// if there is none, and off-boarding leaves the network as it is.
func TestBringYourOwn(t *testing.T) {
	for name, test := range map[string]struct {
		group  bool
		change func(*onboarding.Options, *world, string, string)
	}{
		"subnet": {false, func(o *onboarding.Options, _ *world, subnet, _ string) { o.SubnetIDs = []string{subnet} }},
		"subnet and group": {true, func(o *onboarding.Options, _ *world, subnet, group string) {
			o.SubnetIDs, o.NSGID = []string{subnet}, group
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			vcn, subnet, group := w.MakeNetwork(t)
			first := w.Emulator.Count()
			w.mustOnboard(func(o *onboarding.Options) { test.change(o, w, subnet, group) })
			got := added(w.Emulator.Count(), first)
			if w.registered.VCNID != vcn || w.registered.SubnetIDs[ocitest.Zone] != subnet || len(w.registered.SubnetIDs) != 3 || (w.registered.NSGID == group) != test.group {
				t.Errorf("registered %+v", w.registered)
			}
			if got["vcns"]+got["subnets"]+got["natGateways"] != 0 || (got["networkSecurityGroups"] == 0) != test.group {
				t.Errorf("made %v", got)
			}
			// What is registered counts as brought along, without a flag.
			place := *w.registered
			w.mustOnboard(func(o *onboarding.Options) { o.Registered = &place })
			if !reflect.DeepEqual(&place, w.registered) {
				t.Errorf("the second run registered %+v, want %+v", w.registered, place)
			}
			removal, err := w.offboard(0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := added(w.Emulator.Count(), first); len(got) > 0 {
				t.Errorf("left %v", got)
			}
			if !slices.ContainsFunc(removal.Left, func(l onboarding.Leftover) bool { return strings.Contains(l.Name, vcn) }) {
				t.Errorf("left %+v, want the VCN named", removal.Left)
			}
		})
	}
}
