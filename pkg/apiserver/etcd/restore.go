// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"github.com/castai/omni/pkg/apiserver/durable"
	"github.com/castai/omni/pkg/apiserver/encryption"
)

const (
	// revisionBump lifts the revision of a restored store over any that a
	// client may have seen after the snapshot was taken: etcd's disaster
	// recovery guide recommends a billion, a week of 1,500 writes a second.
	// Watches then end with 410 and their clients list anew, instead of
	// missing what happens until the old revision is passed.
	revisionBump = 1_000_000_000
	// restoring is where a store lies until it is whole.
	restoring = "etcd.restoring"
)

// Restore makes a store of the snapshot in the data directory, which no process
// may use and which holds nothing, or only its encryption key. keyFile, if not
// empty, is an EncryptionConfiguration that is copied there; one that does not
// decrypt the snapshot is an error. Without any, a warning says what is missing.
func (m *Maintenance) Restore(ctx context.Context, file, keyFile string) error {
	if m.DataDir == "" {
		return errors.New("name the directory to restore into: set --data-dir")
	}
	lock, err := lockDataDir(m.DataDir)
	if errors.Is(err, fileutil.ErrLocked) {
		return fmt.Errorf("--data-dir %s is in use by another process: stop that omni-apiserver, or restore into another directory", m.DataDir)
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := m.checkEmpty(); err != nil {
		return err
	}
	part := filepath.Join(m.DataDir, restoring)
	defer os.RemoveAll(part)
	if err := m.step("restoring the snapshot", func() error { return unpack(file, part) }); err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	if err := m.restoreKey(ctx, part, keyFile); err != nil {
		return err
	}
	if err := os.Rename(part, storePath(m.DataDir)); err != nil {
		return err
	}
	if err := durable.SyncDir(m.DataDir); err != nil {
		return err
	}
	m.say("restored %s into %s: start omni-apiserver with --data-dir=%s", file, m.DataDir, m.DataDir)
	return nil
}

// checkEmpty lets in a key that was put there before, and what an interrupted
// restore has left, which is removed.
func (m *Maintenance) checkEmpty() error {
	if err := os.RemoveAll(filepath.Join(m.DataDir, restoring)); err != nil {
		return err
	}
	entries, err := os.ReadDir(m.DataDir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != lockName && name != encryption.FileName {
			return fmt.Errorf("--data-dir %s is not empty, it has %s: restore into a new directory (only %s may be in it)", m.DataDir, name, encryption.FileName)
		}
	}
	return nil
}

// unpack makes a member's directory of the snapshot and checks its hash.
func unpack(file, dir string) error {
	member := memberConfig("")
	return snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath:        file,
		Name:                member.Name,
		OutputDataDir:       dir,
		PeerURLs:            []string{member.AdvertisePeerUrls[0].String()},
		InitialCluster:      member.InitialCluster,
		InitialClusterToken: member.InitialClusterToken,
		RevisionBump:        revisionBump,
		MarkCompacted:       true,
	})
}

// restoreKey checks that the key, if there is one, decrypts what was restored,
// and puts it into the data directory.
func (m *Maintenance) restoreKey(ctx context.Context, dir, keyFile string) error {
	inPlace := encryption.File(m.DataDir)
	_, err := os.Stat(inPlace)
	switch placed := err == nil; {
	case placed && keyFile != "":
		return fmt.Errorf("%s is there: drop --encryption-provider-config to restore with it, or remove it", inPlace)
	case placed:
		return encryption.Check(ctx, inPlace, restored(dir, m.Prefix))
	case keyFile == "":
		return m.warnOfKey(dir)
	}
	content, err := os.ReadFile(keyFile)
	if err != nil {
		return fmt.Errorf("read --encryption-provider-config: %w", err)
	}
	if err := encryption.Check(ctx, keyFile, restored(dir, m.Prefix)); err != nil {
		return err
	}
	return durable.WriteFile(inPlace, content)
}

func (m *Maintenance) warnOfKey(dir string) error {
	for object, err := range restored(dir, m.Prefix) {
		if err != nil {
			return err
		}
		if object.Key() != encryption.Identity {
			m.say("WARNING: the objects are encrypted with %s: put the %s of the server that the snapshot is of into %s before you start omni-apiserver", object.Key(), encryption.FileName, m.DataDir)
			return nil
		}
	}
	return nil
}
