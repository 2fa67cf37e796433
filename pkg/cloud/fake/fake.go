// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package fake is a cloud in memory, for tests. It keeps the contract that the
// real ones keep, and fails when it is told to.
package fake

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/cloud"
)

// Image is the only image of the fake cloud.
const Image = "image-1"

// Provider implements cloud.Provider in memory.
type Provider struct {
	clock clock.PassiveClock

	mu        sync.Mutex
	instances map[string]*cloud.Instance
	launched  map[string]launch
	// failures by method name, in the order in which they happen.
	failures map[string][]error
	// hidden machines are not shown yet, as in a cloud that is eventually
	// consistent.
	hidden map[string]bool
}

type launch struct {
	request cloud.LaunchRequest
	id      string
}

var _ cloud.Provider = (*Provider)(nil)

// New returns an empty cloud.
func New(clock clock.PassiveClock) *Provider {
	return &Provider{
		clock: clock, instances: map[string]*cloud.Instance{}, launched: map[string]launch{},
		failures: map[string][]error{}, hidden: map[string]bool{},
	}
}

// Fail makes the next call of a method fail.
func (p *Provider) Fail(method string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures[method] = append(p.failures[method], err)
}

func (p *Provider) failure(method string) error {
	if next := p.failures[method]; len(next) > 0 {
		p.failures[method] = next[1:]
		return next[0]
	}
	return nil
}

// Hide makes lists leave a machine out until Show.
func (p *Provider) Hide(id string) { p.setHidden(id, true) }

// Show ends Hide.
func (p *Provider) Show(id string) { p.setHidden(id, false) }

func (p *Provider) setHidden(id string, hidden bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hidden[id] = hidden
}

// SetState puts a machine into a state, as the cloud does by itself.
func (p *Provider) SetState(id string, state cloud.InstanceState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[id].State = state
}

// Launched returns how many machines were ever launched.
func (p *Provider) Launched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.instances)
}

// CheckCredentials implements cloud.Provider.
func (p *Provider) CheckCredentials(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure("CheckCredentials")
}

// DefaultImage implements cloud.Provider.
func (p *Provider) DefaultImage(context.Context, cloud.MachineKind) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Image, p.failure("DefaultImage")
}

// ErrAfter wraps an error that the caller sees although the cloud did what it was
// asked: an answer that was lost.
type ErrAfter struct{ Err error }

// Error returns the lost answer's error.
func (e *ErrAfter) Error() string { return e.Err.Error() }

// Unwrap returns the error the caller sees.
func (e *ErrAfter) Unwrap() error { return e.Err }

// Launch implements cloud.Provider.
func (p *Provider) Launch(_ context.Context, r cloud.LaunchRequest) (*cloud.Instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.failure("Launch")
	var after *ErrAfter
	if err != nil && !errors.As(err, &after) {
		return nil, err
	}
	if r.Image != Image {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Code: "NoSuchImage", Err: fmt.Errorf("image %q does not exist", r.Image)}
	}
	before, ok := p.launched[r.ClientToken]
	switch {
	case ok && !reflect.DeepEqual(before.request, r):
		return nil, &cloud.Error{Class: cloud.ClassIdempotency, Code: "TokenReused", Err: fmt.Errorf("client token %s was used with another request", r.ClientToken)}
	case !ok:
		before = launch{r, fmt.Sprintf("i-%d", len(p.instances)+1)}
		p.launched[r.ClientToken] = before
		p.instances[before.id] = &cloud.Instance{
			ID: before.id, EdgeUID: r.EdgeUID, InstanceType: r.InstanceType, Zone: r.Zone,
			State: cloud.StateRunning, LaunchTime: p.clock.Now(),
		}
	}
	if after != nil {
		return nil, after.Err
	}
	instance := *p.instances[before.id]
	return &instance, nil
}

// Get implements cloud.Provider.
func (p *Provider) Get(_ context.Context, id string) (*cloud.Instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failure("Get"); err != nil {
		return nil, err
	}
	if i, ok := p.instances[id]; ok && !p.hidden[id] {
		instance := *i
		return &instance, nil
	}
	return nil, nil
}

// FindByEdge implements cloud.Provider.
func (p *Provider) FindByEdge(ctx context.Context, edgeUID string) (*cloud.Instance, error) {
	all, err := p.List(ctx)
	for i := range all {
		if all[i].EdgeUID == edgeUID {
			return &all[i], err
		}
	}
	return nil, err
}

// List implements cloud.Provider.
func (p *Provider) List(context.Context) ([]cloud.Instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failure("List"); err != nil {
		return nil, err
	}
	var living []cloud.Instance
	for id, i := range p.instances {
		if !p.hidden[id] && i.State != cloud.StateTerminated {
			living = append(living, *i)
		}
	}
	return living, nil
}

// Terminate implements cloud.Provider.
func (p *Provider) Terminate(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failure("Terminate"); err != nil {
		return err
	}
	if i, ok := p.instances[id]; ok {
		i.State = cloud.StateTerminated
	}
	return nil
}

// ConsoleOutput implements cloud.Provider.
func (p *Provider) ConsoleOutput(_ context.Context, id string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return "console of " + id, p.failure("ConsoleOutput")
}
