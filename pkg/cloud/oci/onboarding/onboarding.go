// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package onboarding prepares a region of Oracle Cloud for an edge location, and
// takes all of it down again. Everything that it makes is found again by its tags or
// its name, so either way can break off at any point and be run again.
package onboarding

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"
	"github.com/oracle/oci-go-sdk/v65/identity"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/onboard"
)

// DefaultVCNCIDR is the range of a VCN when none is asked for: that of the other
// clouds.
const DefaultVCNCIDR = onboard.DefaultVPCCIDR

// defaultInterval is how often OCI is asked whether something is ready.
const defaultInterval = time.Second

// Options say what is prepared, where, and as whom.
type Options struct {
	// ClusterID, Namespace and Name of the location are the values of the tags.
	ClusterID, Namespace, Name string
	// Region as in us-ashburn-1.
	Region string
	// Zones of the location; empty means all availability domains of the region.
	Zones []string
	// CompartmentID is where all but the user and the group is made. Default:
	// the tenancy, which is the root compartment.
	CompartmentID string

	// VCNCIDR is the IPv4 range of a new VCN, /16 to /29. Default: DefaultVCNCIDR.
	VCNCIDR string
	// SubnetIDs are private subnets that are brought along, in one VCN. Empty: a
	// VCN is made.
	SubnetIDs []string
	// NSGID is a security group that is brought along. Empty: one is made.
	NSGID string
	// Registered is what the location says already, if anything. It is kept: a
	// network in it that was not made here counts as brought along.
	Registered *v1beta1.OCILocation
	// UserEmail of the user that is made; a tenancy may want one. Default: none.
	UserEmail string

	// Signer signs the requests: who prepares the region.
	Signer common.ConfigurationProvider
	// Keys keeps the private half of the API key.
	Keys Keys
	// Register is told what was made, at the end.
	Register func(context.Context, *v1beta1.OCILocation) error

	// Progress is written to, one line for each step and thing.
	Progress io.Writer

	// HTTP sends the requests. Default: a client with a timeout for each.
	HTTP common.HTTPRequestDispatcher
	// Endpoint of all services in a region. Default: Oracle's.
	Endpoint func(region string) string
	// Interval is how often OCI is asked whether something is ready. Default: 1 s.
	Interval time.Duration
	// NewKey makes a key of a user. Default: 2048 random bits.
	NewKey func() (*rsa.PrivateKey, error)
}

// Keys keeps the API key of one location, where OMNI's controller finds it.
type Keys interface {
	// Load returns the key; nil if there is none. A key that is not of this
	// location's making is an error.
	Load(context.Context) (*oci.APIKey, error)
	// Store replaces the key.
	Store(context.Context, *oci.APIKey) error
	// Delete deletes the key, if there is one.
	Delete(context.Context) error
}

// Result is what an onboarding has made or found.
type Result struct {
	// OCI is what is registered.
	OCI v1beta1.OCILocation `json:"oci"`
	// Name of the user, the group and the policy.
	Name string `json:"name"`
	// UserID is the OCID of the user.
	UserID string `json:"userID"`
	// Fingerprint of the user's API key.
	Fingerprint string `json:"fingerprint"`
}

// session is one run.
type session struct {
	Options
	tenancyID string
	// name of the user, the group and the policy: it is unique in the tenancy.
	name string
	// tags of everything that is made.
	tags map[string]string

	compute core.ComputeClient
	network core.VirtualNetworkClient
	// regional is Identity in the region. What is written there has to be written
	// in the home region of the tenancy.
	regional, home identity.IdentityClient

	step, steps int
}

func newSession(o Options, steps int) (*session, error) {
	tenancy, err := o.Signer.TenancyOCID()
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the OCI CLI: %w", err)
	}
	s := &session{
		Options: o, tenancyID: tenancy, steps: steps,
		name: onboard.RoleName(o.ClusterID, o.Namespace, o.Name),
		tags: oci.Tags(o.ClusterID, o.Namespace, o.Name),
	}
	s.CompartmentID = cmp.Or(s.CompartmentID, tenancy)
	s.VCNCIDR = cmp.Or(s.VCNCIDR, DefaultVCNCIDR)
	s.Interval = cmp.Or(s.Interval, defaultInterval)
	if s.NewKey == nil {
		s.NewKey = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }
	}
	return s, s.connect()
}

// Onboard prepares the region and registers it. An error says what is missing; to
// run it again goes on from there.
func Onboard(ctx context.Context, o Options) (*Result, error) {
	s, err := newSession(o, 9)
	if err != nil {
		return nil, err
	}
	zones, err := s.check(ctx)
	if err != nil {
		return nil, err
	}
	place, err := s.makeNetwork(ctx, zones)
	if err != nil {
		return nil, err
	}
	key, err := s.makeIdentity(ctx)
	if err != nil {
		return nil, err
	}
	s.begin("Register %s/%s", s.Namespace, s.Name)
	if err := s.Register(ctx, place); err != nil {
		return nil, err
	}
	s.say("registered")
	return &Result{OCI: *place, Name: s.name, UserID: key.UserID, Fingerprint: key.Fingerprint}, nil
}

// begin tells of the next step, say of a thing in it.
func (s *session) begin(format string, args ...any) {
	s.step++
	fmt.Fprintf(s.Progress, "[%d/%d] %s\n", s.step, s.steps, fmt.Sprintf(format, args...))
}

func (s *session) say(format string, args ...any) {
	fmt.Fprintf(s.Progress, "  %s\n", fmt.Sprintf(format, args...))
}
