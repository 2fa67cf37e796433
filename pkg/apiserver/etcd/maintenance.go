// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/utils/clock"
)

// progressEvery is how long an operation may be silent.
const progressEvery = 2 * time.Second

// Maintenance does an operator's work on the etcd of a data directory, whether
// its server runs or not, or on a cluster.
type Maintenance struct {
	// DataDir holds an embedded etcd; empty with Servers.
	DataDir string
	// Servers of a cluster, and the files to reach them with.
	Servers storagebackend.TransportConfig
	// Prefix of the objects' keys.
	Prefix string
	// Out gets the progress of operations that take longer than two seconds,
	// and what they have done.
	Out io.Writer
	// Clock times the progress.
	Clock clock.WithTicker
}

// Validate returns an error unless exactly one etcd is named.
func (m *Maintenance) Validate() error {
	switch clustered := len(m.Servers.ServerList) > 0; {
	case clustered && m.DataDir != "":
		return errors.New("--data-dir and --etcd-servers exclude each other: drop one")
	case !clustered && m.DataDir == "":
		return errors.New("name the etcd: set --data-dir (embedded) or --etcd-servers")
	}
	return nil
}

// reach calls do with the servers to talk to. The member of a data directory that
// no process uses is started for that long.
func (m *Maintenance) reach(ctx context.Context, do func(storagebackend.TransportConfig) error) error {
	if m.DataDir == "" {
		return Explain(ctx, m.Servers, do(m.Servers))
	}
	if _, err := os.Stat(storePath(m.DataDir)); err != nil {
		return fmt.Errorf("--data-dir %s has no store: name the directory that omni-apiserver runs with (%w)", m.DataDir, err)
	}
	lock, err := lockDataDir(m.DataDir)
	if err == nil {
		member, err := startLocked(m.DataDir, DefaultQuotaBytes, lock)
		if err != nil {
			return err
		}
		defer member.Close()
	} else if !errors.Is(err, fileutil.ErrLocked) {
		return err
	}
	return do(storagebackend.TransportConfig{ServerList: []string{Endpoint(m.DataDir)}})
}

// connected is reach with a client.
func (m *Maintenance) connected(ctx context.Context, do func(*clientv3.Client) error) error {
	return m.reach(ctx, func(servers storagebackend.TransportConfig) error {
		client, err := Connect(servers)
		if err != nil {
			return err
		}
		defer client.Close()
		return do(client)
	})
}

// step does something, and says every two seconds that it has not finished.
func (m *Maintenance) step(what string, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	start, ticker := m.Clock.Now(), m.Clock.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C():
			m.say("%s: %s", what, m.Clock.Since(start).Round(time.Second))
		}
	}
}

func (m *Maintenance) say(format string, arguments ...any) {
	fmt.Fprintf(m.Out, format+"\n", arguments...)
}
