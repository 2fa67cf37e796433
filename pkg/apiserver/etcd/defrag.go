// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Defragment gives unused space of every member back to the file system, one
// after the other; a member answers nobody meanwhile. If etcd refuses writes for
// lack of space, it first drops the history of all objects, and lets it write
// again if that was enough.
func (m *Maintenance) Defragment(ctx context.Context) error {
	return m.connected(ctx, func(client *clientv3.Client) error {
		full, err := m.compactIfFull(ctx, client)
		if err != nil {
			return err
		}
		for _, endpoint := range client.Endpoints() {
			if err := m.defragment(ctx, client, endpoint, full); err != nil {
				return err
			}
		}
		if !full {
			return nil
		}
		if err := clearNospace(ctx, client); err != nil {
			return fmt.Errorf("clear the alarm %s: %w", nospace, err)
		}
		m.say("etcd accepts writes again")
		return nil
	})
}

// clearNospace leaves other alarms alone: CORRUPT must not be cleared like this.
func clearNospace(ctx context.Context, client *clientv3.Client) error {
	raised, err := client.AlarmList(ctx)
	if err != nil {
		return err
	}
	for _, alarm := range raised.Alarms {
		if alarm.Alarm != etcdserverpb.AlarmType_NOSPACE {
			continue
		}
		if _, err := client.AlarmDisarm(ctx, (*clientv3.AlarmMember)(alarm)); err != nil {
			return err
		}
	}
	return nil
}

// compactIfFull compacts by hand: the API server's own compaction begins with a
// write, which is refused.
func (m *Maintenance) compactIfFull(ctx context.Context, client *clientv3.Client) (bool, error) {
	status, err := memberStatus(ctx, client, client.Endpoints()[0])
	if err != nil || !outOfSpace(status.Errors) {
		return false, err
	}
	return true, m.step("dropping the history", func() error {
		_, err := client.Compact(ctx, status.Revision, clientv3.WithCompactPhysical())
		if errors.Is(err, rpctypes.ErrCompacted) {
			return nil
		}
		return err
	})
}

func (m *Maintenance) defragment(ctx context.Context, client *clientv3.Client, endpoint string, full bool) error {
	before, err := memberStatus(ctx, client, endpoint)
	if err != nil {
		return err
	}
	err = m.step("defragmenting "+endpoint, func() error {
		_, err := client.Defragment(ctx, endpoint)
		return err
	})
	if err != nil {
		return fmt.Errorf("defragment %s: %w", endpoint, err)
	}
	after, err := memberStatus(ctx, client, endpoint)
	if err != nil {
		return err
	}
	m.say("%s: %s before, %s after", endpoint, size(before.Size), size(after.Size))
	if !full {
		return nil
	}
	if after.Size >= after.Quota {
		return fmt.Errorf("%s is still over its quota of %s: start it with a larger --etcd-quota-backend-bytes (of an etcd cluster: --quota-backend-bytes) and defragment again, or delete objects", endpoint, size(after.Quota))
	}
	m.say("%s: %d%% of the quota of %s is in use", endpoint, 100*after.Size/after.Quota, size(after.Quota))
	return nil
}
