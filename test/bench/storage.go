// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/castai/omni/pkg/apiserver/etcd"
)

// pageSize bounds an answer of etcd to a few megabytes.
const pageSize = 500

// store is the etcd behind a target.
type store struct{ *clientv3.Client }

// stored is what is in an etcd.
type stored struct {
	database float64 // megabytes of the file, compacted and defragmented
	values   float64 // megabytes of the values of Edges
	edges    int
}

// openStore connects to the etcd of a target: the one inside omni-apiserver by its
// socket, the one of kube-apiserver with the client certificate of the latter.
func (b *bench) openStore(t target) (store, error) {
	config := clientv3.Config{Logger: zap.NewNop()}
	if t.name == omni {
		config.Endpoints = []string{etcd.Endpoint(filepath.Join(b.lab.Dir, "omni-apiserver", "data"))}
		c, err := clientv3.New(config)
		return store{c}, err
	}
	apiServer, err := b.process("main-kube-apiserver")
	if err != nil {
		return store{}, err
	}
	flags := map[string]string{}
	for _, arg := range apiServer.Args {
		name, value, _ := strings.Cut(arg, "=")
		flags[name] = value
	}
	config.Endpoints = []string{flags["--etcd-servers"]}
	config.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	ca, err := os.ReadFile(flags["--etcd-cafile"])
	if err != nil {
		return store{}, err
	}
	config.TLS.RootCAs.AppendCertsFromPEM(ca)
	certificate, err := tls.LoadX509KeyPair(flags["--etcd-certfile"], flags["--etcd-keyfile"])
	if err != nil {
		return store{}, err
	}
	config.TLS.Certificates = []tls.Certificate{certificate}
	c, err := clientv3.New(config)
	return store{c}, err
}

// measure forgets old revisions, returns free pages to the disk and measures what
// is left.
func (s store) measure(ctx context.Context) (stored, error) {
	var m stored
	if err := s.shrink(ctx); err != nil {
		return m, err
	}
	status, err := s.Status(ctx, s.Endpoints()[0])
	if err != nil {
		return m, err
	}
	m.database = float64(status.DbSize) / 1e6
	const prefix = "/registry/"
	end := clientv3.GetPrefixRangeEnd(prefix)
	for key := prefix; ; {
		page, err := s.Get(ctx, key, clientv3.WithRange(end), clientv3.WithLimit(pageSize))
		if err != nil {
			return m, err
		}
		for _, kv := range page.Kvs {
			if strings.Contains(string(kv.Key), "/edges/"+namespace+"/") {
				m.values += float64(len(kv.Value)) / 1e6
				m.edges++
			}
		}
		if !page.More {
			return m, nil
		}
		key = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

func (s store) shrink(ctx context.Context) error {
	now, err := s.Get(ctx, "/registry/", clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	if _, err := s.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	var errs []error
	for _, endpoint := range s.Endpoints() {
		_, err := s.Defragment(ctx, endpoint)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// version is etcd's own.
func (s store) version(ctx context.Context) (string, error) {
	status, err := s.Status(ctx, s.Endpoints()[0])
	if err != nil {
		return "", err
	}
	return status.Version, nil
}
