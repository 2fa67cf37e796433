// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// rounds are how often the targets take turns within a repetition. The slowest
// requests are those that the machine's noise hits; it has to hit all alike.
const rounds = 10

// gets are the loads of GETs by name.
func (b *bench) gets() []getLoad {
	return []getLoad{
		{what: "GET, 1 client", clients: 1},
		{what: fmt.Sprintf("GET, %d clients", b.sizes.Clients), clients: b.sizes.Clients},
		{what: "GET, 1 client by RoleBinding", clients: 1, team: true},
	}
}

// getLoad is a number of clients of the administrator, or of a user of the team,
// whose permission the servers have to look up.
type getLoad struct {
	what    string
	clients int
	team    bool
}

// getObjects gets random objects by name.
func (b *bench) getObjects(ctx context.Context) error {
	for repetition := range b.sizes.Repetitions {
		b.print("  %d of %d", repetition+1, b.sizes.Repetitions)
		for _, load := range b.gets() {
			if err := b.getInTurns(ctx, load, repetition); err != nil {
				return fmt.Errorf("%s: %w", load.what, err)
			}
		}
	}
	return nil
}

func (b *bench) getInTurns(ctx context.Context, load getLoad, repetition int) error {
	// The same names in the same order for every target.
	random := rand.New(rand.NewPCG(1, uint64(repetition)))
	names := make([]string, b.sizes.Gets)
	for i := range names {
		names[i] = edgeName(random.IntN(b.sizes.Objects))
	}
	get := func(ctx context.Context, c *client, i int) error { return c.get(ctx, names[max(i, 0)]) }

	clients, took, used := map[string][]*client{}, map[string][]time.Duration{}, map[string]float64{}
	for name, t := range b.targets {
		config := t.admin
		if load.team {
			config = t.team
		}
		var err error
		if clients[name], err = t.newClients(config, load.clients); err != nil {
			return err
		}
		if _, err := share(ctx, clients[name], -load.clients, 0, get); err != nil { // connect first
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for round := range rounds {
		for _, name := range []string{omni, aggregated, crd} {
			before, err := b.cpu(name)
			if err != nil {
				return err
			}
			some, err := share(ctx, clients[name], round*len(names)/rounds, (round+1)*len(names)/rounds, get)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			after, err := b.cpu(name)
			if err != nil {
				return err
			}
			took[name] = append(took[name], some...)
			used[name] += after - before
		}
	}
	for name, samples := range took {
		b.result.add(load.what+", p50", milliseconds, name, percentile(samples, 50))
		b.result.add(load.what+", p99", milliseconds, name, percentile(samples, 99))
		b.result.add(load.what+", CPU time of the servers", milliseconds, name, used[name]*1000/float64(len(samples)))
	}
	return nil
}
