// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"
)

// profileTime is how long each CPU profile looks.
const profileTime = 5 * time.Second

// profile writes CPU profiles of both servers under each kind of load, and of
// their heaps with all objects, for `go tool pprof`.
func (b *bench) profile(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{omni, crd} {
		t := b.targets[name]
		c, err := t.newClient(t.admin)
		if err != nil {
			return err
		}
		for what, work := range map[string]func(context.Context, *client) error{
			"get":        func(ctx context.Context, c *client) error { return c.get(ctx, edgeName(0)) },
			"list":       func(ctx context.Context, c *client) error { _, err := c.list(ctx, runtime.ContentTypeJSON); return err },
			"list-table": func(ctx context.Context, c *client) error { _, err := c.list(ctx, acceptTable); return err },
			"status": func(ctx context.Context, c *client) error {
				return c.patch(ctx, statusPatch(map[string]string{"hourlyPrice": fmt.Sprint(time.Now().Nanosecond())}), edgeName(0), "status")
			},
		} {
			b.print("profile of %s, %s", name, what)
			if err := b.profileLoad(ctx, t, c, filepath.Join(dir, name+"-"+what+".pprof"), work); err != nil {
				return fmt.Errorf("profile of %s, %s: %w", name, what, err)
			}
		}
		heap, err := raw(c.Get().AbsPath("/debug/pprof/heap").Param("gc", "1").Do(ctx))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-heap.pprof"), heap, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) profileLoad(ctx context.Context, t target, c *client, path string, work func(context.Context, *client) error) error {
	worker, err := t.newClient(t.admin)
	if err != nil {
		return err
	}
	var group errgroup.Group
	end := time.Now().Add(profileTime)
	group.Go(func() error {
		for time.Now().Before(end) {
			if err := work(ctx, worker); err != nil {
				return err
			}
		}
		return nil
	})
	profile, err := raw(c.Get().AbsPath("/debug/pprof/profile").Param("seconds", strconv.Itoa(int(profileTime.Seconds()))).Do(ctx))
	if err != nil {
		return err
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return os.WriteFile(path, profile, 0o600)
}
