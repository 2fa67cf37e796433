// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// share lets the clients work off [from, to), each its part, and returns how long
// each piece of work took.
func share(ctx context.Context, clients []*client, from, to int, work func(ctx context.Context, c *client, i int) error) ([]time.Duration, error) {
	took := make([]time.Duration, to-from)
	group, ctx := errgroup.WithContext(ctx)
	for n, c := range clients {
		group.Go(func() error {
			for i := from + n; i < to; i += len(clients) {
				start := time.Now()
				if err := work(ctx, c, i); err != nil {
					return err
				}
				took[i-from] = time.Since(start)
			}
			return nil
		})
	}
	return took, group.Wait()
}

// fill gives both servers all objects, in turns: omni directly, the CRD, omni
// through the aggregator, the CRD. One turn is a repetition of the measurement.
func (b *bench) fill(ctx context.Context, what string, write func(ctx context.Context, t target, c *client, i int) error) error {
	chunk := b.sizes.Objects / (2 * b.sizes.Repetitions)
	next := map[string]int{} // of each group, the first object that is missing
	for repetition := range b.sizes.Repetitions {
		b.print("  %s, %d of %d", what, repetition+1, b.sizes.Repetitions)
		for _, name := range []string{omni, crd, aggregated, crd} {
			t := b.targets[name]
			clients, err := t.newClients(t.admin, b.sizes.Clients)
			if err != nil {
				return err
			}
			from, start := next[t.group], time.Now()
			_, err = share(ctx, clients, from, from+chunk, func(ctx context.Context, c *client, i int) error { return write(ctx, t, c, i) })
			if err != nil {
				return fmt.Errorf("%s %s: %w", name, what, err)
			}
			next[t.group] = from + chunk
			b.result.add(fmt.Sprintf("%s, %d clients", what, b.sizes.Clients), perSecond, name, float64(chunk)/time.Since(start).Seconds())
		}
	}
	return nil
}

func (b *bench) fillObjects(ctx context.Context) error {
	err := b.fill(ctx, "create", func(ctx context.Context, t target, c *client, i int) error {
		return c.create(ctx, encode(newEdge(t.group, i)))
	})
	if err != nil {
		return err
	}
	return b.fill(ctx, "patch of the status", func(ctx context.Context, _ target, c *client, i int) error {
		return c.patch(ctx, statusPatch(newStatus(i)), edgeName(i), "status")
	})
}

// lists are the ways of listing all objects.
var lists = []struct {
	what, accept string
	plain        bool // without gzip, which client-go asks for by default
}{
	{"LIST, JSON", runtime.ContentTypeJSON, false},
	{"LIST, JSON without gzip", runtime.ContentTypeJSON, true},
	{"LIST, Table", acceptTable, false},
	{"LIST, Table without gzip", acceptTable, true},
}

// listObjects lists all objects in one answer, until its last byte is read.
func (b *bench) listObjects(ctx context.Context) error {
	return b.interleave(func(t target, _ int) error {
		for _, list := range lists {
			config := rest.CopyConfig(t.admin)
			config.DisableCompression = list.plain
			c, err := t.newClient(config)
			if err != nil {
				return err
			}
			if err := c.get(ctx, edgeName(0)); err != nil { // connect first
				return err
			}
			start := time.Now()
			body, err := c.list(ctx, list.accept)
			if err != nil {
				return fmt.Errorf("%s: %w", list.what, err)
			}
			b.result.add(list.what, seconds, t.name, time.Since(start).Seconds())
			if list.plain {
				b.result.add(list.what+", size", megabytes, t.name, float64(len(body))/1e6)
			}
		}
		return nil
	})
}

// interleave measures every target in each repetition, so that noise of the
// machine hits all alike.
func (b *bench) interleave(measure func(t target, repetition int) error) error {
	for repetition := range b.sizes.Repetitions {
		b.print("  %d of %d", repetition+1, b.sizes.Repetitions)
		for _, name := range []string{omni, aggregated, crd} {
			if err := measure(b.targets[name], repetition); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
