// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// pollInterval is fine enough for what is measured in hundredths of a second.
	pollInterval = 10 * time.Millisecond
	// readyBound is generous: see package health of the lab.
	readyBound = 2 * time.Minute
)

// restart starts omni-apiserver anew and measures the time from its start until it
// says that it is ready, and until it has answered a LIST of everything.
func (b *bench) restart(ctx context.Context, what string) error {
	const name = "omni-apiserver"
	for range b.sizes.Repetitions {
		if out, err := b.lab.Command(ctx, "stop", name).CombinedOutput(); err != nil {
			return fmt.Errorf("stop %s: %w\n%s", name, err, out)
		}
		start := b.lab.Command(ctx, "start", name)
		if err := start.Start(); err != nil {
			return err
		}
		err := b.untilReady(ctx, what)
		if waited := start.Wait(); waited != nil {
			return fmt.Errorf("start %s: %w", name, waited)
		}
		if err != nil {
			return err
		}
	}
	// What follows may go through the aggregator, which has to see the server again.
	return b.untilServed(ctx, b.targets[aggregated])
}

func (b *bench) untilReady(ctx context.Context, what string) error {
	c, err := b.targets[omni].newClient(b.targets[omni].admin)
	if err != nil {
		return err
	}
	if err := poll(ctx, func(ctx context.Context) error { return c.ready(ctx) }); err != nil {
		return err
	}
	p, err := b.process("omni-apiserver")
	if err != nil {
		return err
	}
	age, err := p.age()
	if err != nil {
		return err
	}
	size, err := rss(p.PID)
	if err != nil {
		return err
	}
	b.result.add("from start to ready"+what, seconds, omni, age)
	b.result.add("memory when ready"+what, megabytes, omni, size)
	err = poll(ctx, func(ctx context.Context) error {
		_, err := c.list(ctx, runtime.ContentTypeJSON)
		return err
	})
	if err != nil {
		return err
	}
	if age, err = p.age(); err != nil {
		return err
	}
	b.result.add("from start to LIST"+what, seconds, omni, age)
	return nil
}

// untilServed waits until the target answers.
func (b *bench) untilServed(ctx context.Context, t target) error {
	c, err := t.newClient(t.admin)
	if err != nil {
		return err
	}
	return poll(ctx, func(ctx context.Context) error {
		_, err := raw(c.Get().AbsPath(c.edges).Param("limit", "1").Do(ctx))
		return err
	})
}

// ready is nil once the server says that it is ready.
func (c *client) ready(ctx context.Context) error {
	return c.Get().AbsPath("/readyz").Timeout(time.Second).MaxRetries(0).Do(ctx).Error()
}

// poll calls try until it succeeds, or returns its last error.
func poll(ctx context.Context, try func(ctx context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, readyBound, true, func(ctx context.Context) (bool, error) {
		last = try(ctx)
		return last == nil, nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return err
}
