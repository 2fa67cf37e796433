// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package machine plays the machines of an emulated cloud. For every running
// instance it reads the user data as cloud-init would and does what kubeadm and
// kubelet would with it: TLS bootstrap against the real API of the cluster, a Node,
// its heartbeats. kwok plays the pods. An instance that stops running falls silent
// at once and leaves its Node behind.
package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
)

// Cloud is what the simulator asks a cloud.
type Cloud interface {
	// Running returns the IDs of the running machines of OMNI.
	Running(ctx context.Context) ([]string, error)
	// Instance describes a machine.
	Instance(ctx context.Context, id string) (Instance, error)
	// UserData returns a machine's user data, decoded.
	UserData(ctx context.Context, id string) ([]byte, error)
}

// Fleet boots and stops the machines of one cloud as the cloud does.
type Fleet struct {
	// Name of the cloud, for people.
	Name string
	// Cloud is asked every PollInterval: EC2 has no watch.
	Cloud        Cloud
	PollInterval time.Duration
	Clock        clock.WithTicker
	// StateDir keeps the certificates of the machines over a restart.
	StateDir string
	Kubelet  Kubelet

	mu       sync.Mutex
	machines map[string]context.CancelFunc
	consoles map[string]*console
	polled   error
}

// errNotPolled is the health before the first poll.
var errNotPolled = errors.New("the cloud was not asked yet")

// Run plays the machines until ctx ends, then waits until all are silent.
func (f *Fleet) Run(ctx context.Context) {
	f.mu.Lock()
	f.machines, f.consoles, f.polled = map[string]context.CancelFunc{}, map[string]*console{}, errNotPolled
	f.mu.Unlock()
	var boots sync.WaitGroup
	defer boots.Wait()
	ticker := f.Clock.NewTicker(f.PollInterval)
	defer ticker.Stop()
	for {
		f.poll(ctx, &boots)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
	}
}

// poll starts the machines that run and are not played, and stops the others.
func (f *Fleet) poll(ctx context.Context, boots *sync.WaitGroup) {
	ids, err := f.Cloud.Running(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.polled = err; err != nil {
		return // not knowing is no reason to stop a machine
	}
	running := map[string]bool{}
	for _, id := range ids {
		running[id] = true
		if f.machines[id] != nil {
			continue
		}
		machineCtx, off := context.WithCancel(ctx)
		f.machines[id] = off
		if f.consoles[id] == nil {
			f.consoles[id] = &console{id: id, clock: f.Clock}
		}
		c := f.consoles[id]
		boots.Go(func() { f.power(machineCtx, id, c) })
	}
	for id, off := range f.machines {
		if !running[id] {
			off()
			delete(f.machines, id)
			f.consoles[id].printf("power off")
		}
	}
}

// retry is how often a machine that cannot join tries again: for ever, from 1 s to
// 30 s apart, as kubelet's certificate bootstrap does.
var retry = wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.1, Steps: 6, Cap: 30 * time.Second}

// power is the life of one machine. Errors of the cloud and of the cluster are
// retried; user data that cannot be right is not.
func (f *Fleet) power(ctx context.Context, id string, c *console) {
	c.printf("power on")
	var k *kubelet
	start := func(ctx context.Context) (bool, error) {
		if k == nil {
			var fatal, err error
			if k, fatal, err = f.boot(ctx, id, c); fatal != nil {
				return false, fatal
			} else if err != nil {
				c.printf("boot: %v", err)
				return false, nil
			}
		}
		if err := k.start(ctx); err != nil {
			c.printf("join: %v", err)
			return false, nil
		}
		return true, nil
	}
	if err := retry.DelayFunc().Until(ctx, true, false, start); err != nil {
		if ctx.Err() == nil {
			c.printf("boot failed for good: %v", err)
		}
		return
	}
	c.printf("node %s is Ready", k.join.nodeName)
	k.run(ctx)
}

// boot runs the user data. A fatal error is one of the user data itself.
func (f *Fleet) boot(ctx context.Context, id string, c *console) (k *kubelet, fatal, err error) {
	instance, err := f.Cloud.Instance(ctx, id)
	if err != nil {
		return nil, nil, fmt.Errorf("describe the machine: %w", err)
	}
	data, err := f.Cloud.UserData(ctx, id)
	if err != nil {
		return nil, nil, fmt.Errorf("read the user data: %w", err)
	}
	b, fatal := parseUserData(data)
	if fatal != nil {
		return nil, fatal, nil
	}
	c.printf("cloud-init: %d files written, %d commands", len(b.files), len(b.commands))
	j, fatal := b.join()
	if fatal != nil {
		return nil, fatal, nil
	}
	return &kubelet{instance: instance, join: j, options: f.Kubelet, stateDir: f.StateDir, clock: f.Clock, console: c}, nil, nil
}

func (f *Fleet) health() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.polled
}

func (f *Fleet) consoleOf(id string) *console {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.consoles[id]
}
