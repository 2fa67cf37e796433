// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package etcd runs one etcd member inside the process, for installations that
// have no etcd cluster of their own, and maintains it or a cluster: status,
// snapshot, restore, defragmentation.
package etcd

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

const (
	// DefaultQuotaBytes is etcd's own default quota, 2 GiB, which is what its
	// maintenance guide recommends to begin with.
	DefaultQuotaBytes = 2 << 30
	// startTimeout covers the replay of a write-ahead log on a slow disk.
	startTimeout = time.Minute
	// maxSocketPath: sun_path has 108 bytes on Linux, the last one is NUL.
	maxSocketPath = 107
	// lockName is the file in the data directory that its one process locks.
	lockName = "lock"
)

// Server is a running member.
type Server struct {
	etcd     *embed.Etcd
	lock     *fileutil.LockedFile
	logLevel zap.AtomicLevel
}

// Endpoint is where the member of this data directory listens: a unix socket
// that only the owner of the directory can reach.
func Endpoint(dataDir string) string { return "unix://" + socketPath(dataDir) }

func socketPath(dataDir string) string { return filepath.Join(dataDir, "client.sock") }

// storePath is etcd's own directory, which is there once there is a store.
func storePath(dataDir string) string { return filepath.Join(dataDir, "etcd") }

// Start runs a member on the data directory, which it makes if need be, and
// waits until it serves. The member refuses writes once its database has
// quotaBytes. A directory that another process uses is an error.
func Start(dataDir string, quotaBytes int64) (*Server, error) {
	lock, err := lockDataDir(dataDir)
	if errors.Is(err, fileutil.ErrLocked) {
		return nil, fmt.Errorf("--data-dir %s is in use by another process: stop that omni-apiserver, choose another directory, or share an etcd cluster with --etcd-servers", dataDir)
	}
	if err != nil {
		return nil, err
	}
	return startLocked(dataDir, quotaBytes, lock)
}

// lockDataDir makes the data directory if need be and locks it. If another
// process has it, the error is fileutil.ErrLocked.
func lockDataDir(dataDir string) (*fileutil.LockedFile, error) {
	if len(socketPath(dataDir)) > maxSocketPath {
		return nil, fmt.Errorf("--data-dir %s: the path of the socket in it exceeds %d bytes: choose a shorter path", dataDir, maxSocketPath)
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	// The directory may be there with a wider mode.
	if err := os.Chmod(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("close the data directory to others: %w", err)
	}
	lock, err := fileutil.TryLockFile(filepath.Join(dataDir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory %s: %w", dataDir, err)
	}
	return lock, nil
}

func startLocked(dataDir string, quotaBytes int64, lock *fileutil.LockedFile) (*Server, error) {
	server := &Server{lock: lock, logLevel: zap.NewAtomicLevelAt(zap.ErrorLevel)}
	if err := server.start(dataDir, quotaBytes); err != nil {
		server.Close()
		return nil, fmt.Errorf("start etcd in %s: %w", dataDir, err)
	}
	return server, nil
}

func (s *Server) start(dataDir string, quotaBytes int64) error {
	logging := zap.NewProductionConfig()
	logging.Level = s.logLevel
	logger, err := logging.Build()
	if err != nil {
		return err
	}
	config := memberConfig(dataDir)
	config.QuotaBackendBytes = quotaBytes
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger)
	if s.etcd, err = embed.StartEtcd(config); err != nil {
		return err
	}
	select {
	case <-s.etcd.Server.ReadyNotify():
		return nil
	case err := <-s.etcd.Err():
		return err
	case <-time.After(startTimeout):
		return fmt.Errorf("not ready after %s", startTimeout)
	}
}

func memberConfig(dataDir string) *embed.Config {
	config := embed.NewConfig()
	config.Name = "omni-apiserver"
	config.Dir = storePath(dataDir)
	client := []url.URL{{Scheme: "unix", Path: socketPath(dataDir)}}
	config.ListenClientUrls, config.AdvertiseClientUrls = client, client
	// The only member has no peers to listen to; its own URL is but a name.
	config.ListenPeerUrls = nil
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config
}

// Err delivers the error that ends the member.
func (s *Server) Err() <-chan error { return s.etcd.Err() }

// Close stops the member and frees the data directory. Call it when no server
// uses the member any more.
func (s *Server) Close() {
	if s.etcd != nil {
		// etcd logs the end of each of its listeners as an error.
		s.logLevel.SetLevel(zap.FatalLevel)
		s.etcd.Close()
		s.etcd = nil
	}
	_ = s.lock.Close() // closing a lock file cannot lose data
}
