// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package ocitest starts the emulated Oracle Cloud of a test.
package ocitest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/emulatortest"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	emulator "github.com/castai/omni/test/emulator/oci"
)

// The cloud that is played.
const (
	Region        = "us-ashburn-1"
	TenancyID     = "ocid1.tenancy.oc1..aaaaaaaaomniemulatedtenancy"
	CompartmentID = "ocid1.compartment.oc1..aaaaaaaaomniemulatedcompartment"
	// UserID signs the requests of the clients.
	UserID = "ocid1.user.oc1..aaaaaaaaomniemulatedadministrator"
	// Domain is an availability domain, Zone the same without its prefix.
	Domain = "EMUL:" + Zone
	Zone   = "US-ASHBURN-AD-1"
)

// HomeRegion of the tenancy of a StartAway.
const HomeRegion = "us-phoenix-1"

// Cloud is an emulated cloud and an API key of its administrator.
type Cloud struct {
	Endpoint string
	Emulator *emulator.Emulator
	// Fingerprint and PrivateKey (PEM) are the administrator's.
	Fingerprint, PrivateKey string
}

// key is made once: it takes long.
var key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Start starts the emulator. It ends with the test. A machine is stateDelay in each
// state on its way, and a list has pageSize items on a page (0: the default).
func Start(t testing.TB, clk clock.Clock, stateDelay time.Duration, pageSize int) *Cloud {
	t.Helper()
	return start(t, emulator.Options{Clock: clk, StateDelay: stateDelay, PageSize: pageSize})
}

// StartAway starts the emulator of a tenancy whose home is HomeRegion.
func StartAway(t testing.TB, clk clock.Clock, stateDelay time.Duration, pageSize int) *Cloud {
	t.Helper()
	return start(t, emulator.Options{Clock: clk, StateDelay: stateDelay, PageSize: pageSize, HomeRegion: HomeRegion})
}

func start(t testing.TB, o emulator.Options) *Cloud {
	t.Helper()
	private, err := key()
	if err != nil {
		t.Fatal(err)
	}
	o.Region, o.TenancyID, o.CompartmentID = Region, TenancyID, CompartmentID
	e := emulator.New(o)
	fingerprint, err := e.AddKey(UserID, &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return &Cloud{Endpoint: server.URL, Emulator: e, Fingerprint: fingerprint, PrivateKey: PEM(private)}
}

// PEM encodes a private key.
func PEM(private *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
}

// Signer is the administrator.
func (c *Cloud) Signer() common.ConfigurationProvider {
	return common.NewRawConfigurationProvider(TenancyID, UserID, Region, c.Fingerprint, c.PrivateKey, nil)
}

// Use points a client of the SDK at this cloud. The SDK would repeat requests on its
// own, those after a change for minutes.
func (c *Cloud) Use(client *common.BaseClient) {
	never := common.NoRetryPolicy()
	client.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	client.Host = c.Endpoint
}

// Compute returns a client of the administrator.
func (c *Cloud) Compute(t testing.TB) core.ComputeClient {
	t.Helper()
	client, err := core.NewComputeClientWithConfigurationProvider(c.Signer())
	if err != nil {
		t.Fatal(err)
	}
	c.Use(&client.BaseClient)
	return client
}

// Network returns a client of the administrator.
func (c *Cloud) Network(t testing.TB) core.VirtualNetworkClient {
	t.Helper()
	client, err := core.NewVirtualNetworkClientWithConfigurationProvider(c.Signer())
	if err != nil {
		t.Fatal(err)
	}
	c.Use(&client.BaseClient)
	return client
}

// Identity returns a client of the administrator.
func (c *Cloud) Identity(t testing.TB) identity.IdentityClient {
	t.Helper()
	client, err := identity.NewIdentityClientWithConfigurationProvider(c.Signer())
	if err != nil {
		t.Fatal(err)
	}
	c.Use(&client.BaseClient)
	return client
}

// MakeNetwork makes a VCN with a private subnet of all domains and a security group.
func (c *Cloud) MakeNetwork(t testing.TB) (vcnID, subnetID, nsgID string) {
	t.Helper()
	client := c.Network(t)
	compartment := new(CompartmentID)
	vcn, err := client.CreateVcn(t.Context(), core.CreateVcnRequest{CreateVcnDetails: core.CreateVcnDetails{
		CompartmentId: compartment, CidrBlocks: []string{"10.0.0.0/16"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	subnet, err := client.CreateSubnet(t.Context(), core.CreateSubnetRequest{CreateSubnetDetails: core.CreateSubnetDetails{
		CompartmentId: compartment, VcnId: vcn.Id, CidrBlock: new("10.0.0.0/24"), ProhibitPublicIpOnVnic: new(true),
	}})
	if err != nil {
		t.Fatal(err)
	}
	nsg, err := client.CreateNetworkSecurityGroup(t.Context(), core.CreateNetworkSecurityGroupRequest{
		CreateNetworkSecurityGroupDetails: core.CreateNetworkSecurityGroupDetails{CompartmentId: compartment, VcnId: vcn.Id},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *vcn.Id, *subnet.Id, *nsg.Id
}

// Inject adds a fault, until the test ends.
func (c *Cloud) Inject(t testing.TB, rule fault.Rule) {
	t.Helper()
	faulttest.Inject(t, c.Endpoint, rule)
}

// Preempt makes the cloud take a machine back.
func (c *Cloud) Preempt(t testing.TB, id string) {
	t.Helper()
	emulatortest.Do(t, http.MethodPost, c.Endpoint, "preempt/"+id, nil)
}

// SetPrice sets the price of a product of the price list, until the test ends.
func (c *Cloud) SetPrice(t testing.TB, partNumber string, dollars float64) {
	t.Helper()
	emulatortest.Add(t, c.Endpoint, "prices", map[string]any{"partNumber": partNumber, "price": dollars})
}
