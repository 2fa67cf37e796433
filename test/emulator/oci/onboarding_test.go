// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"github.com/oracle/oci-go-sdk/v65/limits"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestNetwork makes what an onboarding makes and deletes it again: what is in use
// cannot be deleted.
func TestNetwork(t *testing.T) {
	w := newWorld(t)
	client, compartment := w.Network(t), new(ocitest.CompartmentID)
	nat, err := client.CreateNatGateway(t.Context(), core.CreateNatGatewayRequest{CreateNatGatewayDetails: core.CreateNatGatewayDetails{CompartmentId: compartment, VcnId: &w.vcn}})
	if err != nil {
		t.Fatal(err)
	}
	table, err := client.CreateRouteTable(t.Context(), core.CreateRouteTableRequest{CreateRouteTableDetails: core.CreateRouteTableDetails{
		CompartmentId: compartment, VcnId: &w.vcn,
		RouteRules: []core.RouteRule{{NetworkEntityId: nat.Id, Destination: new("0.0.0.0/0"), DestinationType: core.RouteRuleDestinationTypeCidrBlock}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateSubnet(t.Context(), core.UpdateSubnetRequest{SubnetId: &w.subnet, UpdateSubnetDetails: core.UpdateSubnetDetails{RouteTableId: table.Id}}); err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateSubnet(t.Context(), core.CreateSubnetRequest{CreateSubnetDetails: core.CreateSubnetDetails{CompartmentId: compartment, VcnId: &w.vcn, CidrBlock: new("10.0.0.128/25")}})
	wantError(t, err, 400, "InvalidParameter") // overlaps
	rules, err := client.AddNetworkSecurityGroupSecurityRules(t.Context(), core.AddNetworkSecurityGroupSecurityRulesRequest{
		NetworkSecurityGroupId: &w.group,
		AddNetworkSecurityGroupSecurityRulesDetails: core.AddNetworkSecurityGroupSecurityRulesDetails{SecurityRules: []core.AddSecurityRuleDetails{
			{Direction: core.AddSecurityRuleDetailsDirectionIngress, Protocol: new("all"), Source: &w.group, SourceType: core.AddSecurityRuleDetailsSourceTypeNetworkSecurityGroup},
		}},
	})
	if err != nil || len(rules.SecurityRules) != 1 || rules.SecurityRules[0].Id == nil {
		t.Fatalf("add a rule: %+v, %v", rules, err)
	}
	i, err := w.launch(t, "in-use", nil)
	if err != nil {
		t.Fatal(err)
	}
	deleteVCN := func() error {
		_, err := client.DeleteVcn(t.Context(), core.DeleteVcnRequest{VcnId: &w.vcn})
		return err
	}
	deleteSubnet := func() error {
		_, err := client.DeleteSubnet(t.Context(), core.DeleteSubnetRequest{SubnetId: &w.subnet})
		return err
	}
	deleteGroup := func() error {
		_, err := client.DeleteNetworkSecurityGroup(t.Context(), core.DeleteNetworkSecurityGroupRequest{NetworkSecurityGroupId: &w.group})
		return err
	}
	deleteTable := func() error {
		_, err := client.DeleteRouteTable(t.Context(), core.DeleteRouteTableRequest{RtId: table.Id})
		return err
	}
	deleteNAT := func() error {
		_, err := client.DeleteNatGateway(t.Context(), core.DeleteNatGatewayRequest{NatGatewayId: nat.Id})
		return err
	}
	order := []func() error{deleteSubnet, deleteGroup, deleteTable, deleteNAT, deleteVCN}
	for _, del := range order {
		wantError(t, del(), 409, "Conflict")
	}
	if _, err := w.compute.TerminateInstance(t.Context(), core.TerminateInstanceRequest{InstanceId: i.Id}); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(stateDelay)
	for n, del := range order {
		if err := del(); err != nil {
			t.Errorf("step %d: %v", n, err)
		}
		wantError(t, del(), 409, "IncorrectState")
		w.clock.Step(stateDelay)
	}
	wantError(t, deleteVCN(), 404, "NotAuthorizedOrNotFound")
}

// TestUserKey: a key that was uploaded is known, until it is deleted.
func TestUserKey(t *testing.T) {
	w := newWorld(t)
	admin := w.Identity(t)
	user, err := admin.CreateUser(t.Context(), identity.CreateUserRequest{CreateUserDetails: identity.CreateUserDetails{
		CompartmentId: new(ocitest.TenancyID), Name: new("omni"), Description: new("the controller"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	uploaded, err := admin.UploadApiKey(t.Context(), identity.UploadApiKeyRequest{UserId: user.Id, CreateApiKeyDetails: identity.CreateApiKeyDetails{Key: &public}})
	if err != nil {
		t.Fatal(err)
	}
	signer := common.NewRawConfigurationProvider(ocitest.TenancyID, *user.Id, ocitest.Region, *uploaded.Fingerprint, ocitest.PEM(key), nil)
	client, err := identity.NewIdentityClientWithConfigurationProvider(signer)
	if err != nil {
		t.Fatal(err)
	}
	w.Use(&client.BaseClient)
	get := identity.GetCompartmentRequest{CompartmentId: new(ocitest.CompartmentID)}
	_, err = client.GetCompartment(t.Context(), get)
	wantError(t, err, 404, "NotAuthorizedOrNotFound") // known, but no policy lets it
	if _, err := admin.DeleteApiKey(t.Context(), identity.DeleteApiKeyRequest{UserId: user.Id, Fingerprint: uploaded.Fingerprint}); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetCompartment(t.Context(), get)
	wantError(t, err, 401, "NotAuthenticated")
}

func TestPolicies(t *testing.T) {
	w := newWorld(t)
	admin := w.Identity(t)
	create := func(name, statement string) error {
		_, err := admin.CreatePolicy(t.Context(), identity.CreatePolicyRequest{CreatePolicyDetails: identity.CreatePolicyDetails{
			CompartmentId: new(ocitest.CompartmentID), Name: &name, Description: new("omni"), Statements: []string{statement},
		}})
		return err
	}
	const allow = "Allow group omni to manage instance-family in compartment omni"
	if err := create("omni", allow); err != nil {
		t.Error(err)
	}
	wantError(t, create("omni", allow), 409, "NotAuthorizedOrResourceAlreadyExists")
	wantError(t, create("other", "please let me in"), 400, "InvalidParameter")
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	if _, err := w.launch(t, "uses", nil); err != nil {
		t.Fatal(err)
	}
	client, err := limits.NewLimitsClientWithConfigurationProvider(w.Signer())
	if err != nil {
		t.Fatal(err)
	}
	w.Use(&client.BaseClient)
	left, err := client.GetResourceAvailability(t.Context(), limits.GetResourceAvailabilityRequest{
		ServiceName: new("compute"), LimitName: new("standard-e5-core-count"),
		CompartmentId: new(ocitest.TenancyID), AvailabilityDomain: new(ocitest.Domain),
	})
	if err != nil || *left.Used != 2 || *left.Available != 998 {
		t.Errorf("GetResourceAvailability = %+v, %v", left.ResourceAvailability, err)
	}
}

func TestShapes(t *testing.T) {
	w := newWorld(t)
	seen := map[string]core.Shape{}
	request := core.ListShapesRequest{CompartmentId: new(ocitest.CompartmentID), AvailabilityDomain: new(ocitest.Domain), Limit: new(3)}
	for {
		page, err := w.compute.ListShapes(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Items {
			seen[*s.Shape] = s
		}
		if request.Page = page.OpcNextPage; request.Page == nil {
			break
		}
	}
	if flexible := seen["VM.Standard.A1.Flex"]; !*flexible.IsFlexible || *flexible.OcpuOptions.Max != 80 || *flexible.MemoryOptions.MaxInGBs != 512 {
		t.Errorf("VM.Standard.A1.Flex = %+v", flexible)
	}
	if gpu := seen["BM.GPU4.8"]; *gpu.Gpus != 8 || *gpu.IsFlexible {
		t.Errorf("BM.GPU4.8 = %+v", gpu)
	}
}
