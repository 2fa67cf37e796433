// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package cloudtest is the contract of cloud.Provider as a test that every
// implementation passes.
package cloudtest

import (
	"cmp"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/castai/omni/pkg/cloud"
)

// Setup is what the contract needs of an implementation.
type Setup struct {
	Provider cloud.Provider
	// InstanceType and Zone that the cloud has.
	InstanceType, Zone string
	// UnknownID and UnknownImage are well-formed and name nothing. Default: as
	// EC2 names them.
	UnknownID, UnknownImage string
	// Elsewhere is the provider of another location in the same account. It must
	// not see this location's machines.
	Elsewhere cloud.Provider
	// Settle is how long the cloud may take to change a machine's state.
	Settle time.Duration
}

// Run runs the contract. The cloud must be empty.
func Run(t *testing.T, s Setup) {
	ctx := t.Context()
	p := s.Provider
	s.UnknownID = cmp.Or(s.UnknownID, "i-0123456789abcdef0")
	s.UnknownImage = cmp.Or(s.UnknownImage, "ami-00000000000000000")
	if err := p.CheckCredentials(ctx); err != nil {
		t.Fatalf("CheckCredentials: %v", err)
	}
	if image, err := p.DefaultImage(ctx, cloud.MachineKind{Architecture: "amd64", GPU: true}); err != nil || image == "" {
		t.Errorf("DefaultImage for GPUs = %q, %v", image, err)
	}
	image, err := p.DefaultImage(ctx, cloud.MachineKind{Architecture: "amd64"})
	if err != nil || image == "" {
		t.Fatalf("DefaultImage = %q, %v", image, err)
	}
	request := cloud.LaunchRequest{
		ClientToken: "8b5c7f0e-2f0b-5d5e-9f3c-0c7d3c9a1e01", EdgeUID: "11111111-2222-3333-4444-555555555555", Name: "cast-contract",
		InstanceType: s.InstanceType, Zone: s.Zone, Image: image, CapacityType: "on-demand", DiskGiB: 30,
		Tags: map[string]string{"team": "a"}, UserData: []byte("#cloud-config\n{}\n"),
	}
	t.Run("unknown things are nil, not errors", func(t *testing.T) {
		if i, err := p.FindByEdge(ctx, request.EdgeUID); i != nil || err != nil {
			t.Errorf("FindByEdge = %v, %v", i, err)
		}
		if i, err := p.Get(ctx, s.UnknownID); i != nil || err != nil {
			t.Errorf("Get = %v, %v", i, err)
		}
		if err := p.Terminate(ctx, s.UnknownID); err != nil {
			t.Errorf("Terminate = %v", err)
		}
	})
	id := launchTogether(t, p, request)
	t.Run("another request with the same token is refused", func(t *testing.T) {
		other := request
		other.UserData = []byte("#cloud-config\n{runcmd: []}\n")
		if _, err := p.Launch(ctx, other); cloud.ClassOf(err) != cloud.ClassIdempotency {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassIdempotency)
		}
	})
	t.Run("a bad image is a configuration error", func(t *testing.T) {
		bad := request
		bad.Name = "cast-contract-bad"
		bad.ClientToken, bad.Image = "8b5c7f0e-2f0b-5d5e-9f3c-0c7d3c9a1e02", s.UnknownImage
		if _, err := p.Launch(ctx, bad); cloud.ClassOf(err) != cloud.ClassConfig {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassConfig)
		}
	})
	t.Run("the machine is found by its tag", func(t *testing.T) {
		found, err := p.FindByEdge(ctx, request.EdgeUID)
		if err != nil || found == nil || found.ID != id || found.EdgeUID != request.EdgeUID || found.Zone != s.Zone {
			t.Errorf("FindByEdge = %+v, %v", found, err)
		}
		all, err := p.List(ctx)
		if err != nil || len(all) != 1 || all[0].ID != id {
			t.Errorf("List = %+v, %v", all, err)
		}
	})
	t.Run("another location does not see it", func(t *testing.T) {
		if all, err := s.Elsewhere.List(ctx); len(all) > 0 || err != nil {
			t.Errorf("List = %+v, %v", all, err)
		}
		if i, err := s.Elsewhere.FindByEdge(ctx, request.EdgeUID); i != nil || err != nil {
			t.Errorf("FindByEdge = %+v, %v", i, err)
		}
	})
	t.Run("it runs, and is what was asked for", func(t *testing.T) {
		i := waitFor(t, p, id, s.Settle, func(i *cloud.Instance) bool { return i != nil && i.State == cloud.StateRunning })
		if i.ID != id || i.EdgeUID != request.EdgeUID || i.InstanceType != s.InstanceType || i.Zone != s.Zone || i.LaunchTime.IsZero() {
			t.Errorf("Get = %+v", i)
		}
		if _, err := p.ConsoleOutput(ctx, id); err != nil {
			t.Errorf("ConsoleOutput: %v", err)
		}
		if again, err := p.Launch(ctx, request); err != nil || again.ID != id {
			t.Errorf("Launch once more = %+v, %v", again, err)
		}
	})
	t.Run("a spot machine", func(t *testing.T) {
		spot := request
		spot.ClientToken, spot.EdgeUID, spot.Name = "8b5c7f0e-2f0b-5d5e-9f3c-0c7d3c9a1e03", "11111111-2222-3333-4444-666666666666", "cast-contract-spot"
		spot.CapacityType = "spot"
		i, err := p.Launch(ctx, spot)
		if err != nil {
			t.Fatal(err)
		}
		if all, err := p.List(ctx); err != nil || len(all) != 2 {
			t.Errorf("List = %+v, %v, want two machines", all, err)
		}
		if err := p.Terminate(ctx, i.ID); err != nil {
			t.Fatal(err)
		}
		waitFor(t, p, i.ID, s.Settle, (*cloud.Instance).Gone)
	})
	t.Run("a terminated machine is gone and is not listed", func(t *testing.T) {
		for range 2 {
			if err := p.Terminate(ctx, id); err != nil {
				t.Fatalf("Terminate: %v", err)
			}
		}
		waitFor(t, p, id, s.Settle, (*cloud.Instance).Gone)
		if i, err := p.FindByEdge(ctx, request.EdgeUID); i != nil || err != nil {
			t.Errorf("FindByEdge = %+v, %v", i, err)
		}
	})
	t.Run("its token buys no second machine", func(t *testing.T) {
		if i, err := p.Launch(ctx, request); err == nil && i.ID != id {
			t.Errorf("Launch = %+v, want %s or an error", i, id)
		}
		if all, err := p.List(ctx); len(all) > 0 || err != nil {
			t.Errorf("List = %+v, %v", all, err)
		}
	})
}

// launchTogether repeats one launch from several goroutines: one machine comes of
// it.
func launchTogether(t *testing.T, p cloud.Provider, request cloud.LaunchRequest) string {
	t.Helper()
	ids := make([]string, 4)
	var wg sync.WaitGroup
	for n := range ids {
		wg.Go(func() {
			instance, err := p.Launch(t.Context(), request)
			if err != nil {
				t.Errorf("Launch: %v", err)
				return
			}
			ids[n] = instance.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("one request, several machines: %v", ids)
		}
	}
	return ids[0]
}

// waitFor asks until a machine is as wanted; clouds have no watch.
func waitFor(t *testing.T, p cloud.Provider, id string, settle time.Duration, wanted func(*cloud.Instance) bool) *cloud.Instance {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		instance, err := p.Get(ctx, id)
		if err == nil && wanted(instance) {
			return instance
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the machine is not as wanted after %s: %+v, %v", settle, instance, err)
		case <-tick.C:
		}
	}
}
