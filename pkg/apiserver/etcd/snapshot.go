// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/castai/omni/pkg/apiserver/durable"
)

// Snapshot saves the whole store in the file, with mode 0600, and checks what it
// has saved. The file appears whole or not at all, and is never one that was
// there before. Of a cluster exactly one server is asked.
func (m *Maintenance) Snapshot(ctx context.Context, file string) error {
	if len(m.Servers.ServerList) > 1 {
		return errors.New("a snapshot is of one server: name one in --etcd-servers")
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return exists(file, err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".omni-snapshot-") // mode 0700
	if err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	defer os.RemoveAll(dir)
	part, manager := filepath.Join(dir, filepath.Base(file)), snapshot.NewV3(zap.NewNop())
	err = m.reach(ctx, func(servers storagebackend.TransportConfig) error {
		config, err := clientConfig(servers)
		if err != nil {
			return err
		}
		return m.step("saving the snapshot", func() error {
			_, err := manager.Save(ctx, config, part)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("save the snapshot: %w", err)
	}
	var saved snapshot.Status
	err = m.step("checking the snapshot", func() (err error) {
		saved, err = manager.Status(part)
		return err
	})
	if err != nil {
		return fmt.Errorf("the snapshot is damaged, take another: %w", err)
	}
	// Unlike a rename, a link does not replace a file that came meanwhile.
	if err := os.Link(part, file); err != nil {
		return exists(file, err)
	}
	if err := durable.SyncDir(filepath.Dir(file)); err != nil {
		return err
	}
	m.say("saved %s: %d keys at revision %d, %s", file, saved.TotalKey, saved.Revision, size(saved.TotalSize))
	return nil
}

// exists explains why the file cannot be made: err says it, or it is there.
func exists(file string, err error) error {
	if err == nil || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: a snapshot replaces no file, choose another name", file)
	}
	return fmt.Errorf("write the snapshot: %w", err)
}
