// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/castai/omni/pkg/apiserver/encryption"
)

const (
	// pageSize bounds one answer of etcd: 500 objects are what Kubernetes'
	// own clients ask for at a time.
	pageSize = 500
	// answerTimeout bounds the wait for one answer; a leader election takes less.
	answerTimeout = 10 * time.Second
)

// Connect returns a client of the servers. It does not wait for them.
func Connect(servers storagebackend.TransportConfig) (*clientv3.Client, error) {
	config, err := clientConfig(servers)
	if err != nil {
		return nil, err
	}
	return clientv3.New(config)
}

func clientConfig(servers storagebackend.TransportConfig) (clientv3.Config, error) {
	config := clientv3.Config{
		Endpoints:            servers.ServerList,
		DialKeepAliveTime:    30 * time.Second, // these two are the API server library's
		DialKeepAliveTimeout: 10 * time.Second,
		Logger:               zap.NewNop(), // every error is returned
	}
	var err error
	config.TLS, err = tlsConfig(servers)
	return config, err
}

// tlsConfig is nil if no file is given.
func tlsConfig(servers storagebackend.TransportConfig) (*tls.Config, error) {
	files := transport.TLSInfo{CertFile: servers.CertFile, KeyFile: servers.KeyFile, TrustedCAFile: servers.TrustedCAFile}
	if files.CertFile == "" && files.KeyFile == "" && files.TrustedCAFile == "" {
		return nil, nil
	}
	config, err := files.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read --etcd-cafile, --etcd-certfile and --etcd-keyfile: %w", err)
	}
	return config, nil
}

// Explain turns the error of a request into one that says why the servers could
// not be reached, if that is the reason: the client itself says only that it has
// waited for too long.
func Explain(ctx context.Context, servers storagebackend.TransportConfig, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) && status.Code(err) != codes.Unavailable {
		return err
	}
	config, tlsErr := tlsConfig(servers)
	if tlsErr != nil {
		return tlsErr
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: answerTimeout}
	for _, server := range servers.ServerList {
		if !strings.HasPrefix(server, "http") {
			continue // a unix socket has no certificates that could be wrong
		}
		if probeErr := probe(ctx, &client, server); probeErr != nil {
			return fmt.Errorf("reach etcd: %w: check --etcd-servers, --etcd-cafile, --etcd-certfile and --etcd-keyfile", probeErr)
		}
	}
	return err
}

// probe asks an etcd server for its version over HTTP.
func probe(ctx context.Context, client *http.Client, server string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(server, "/")+"/version", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// Values returns the objects that are stored under the prefix, as of one revision.
// It ends with the first error.
func Values(ctx context.Context, client *clientv3.Client, prefix string) iter.Seq2[encryption.Stored, error] {
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	return func(yield func(encryption.Stored, error) bool) {
		from, end, revision := prefix, clientv3.GetPrefixRangeEnd(prefix), int64(0)
		for {
			page, err := get(ctx, client, from, clientv3.WithRange(end), clientv3.WithLimit(pageSize), clientv3.WithRev(revision))
			if err != nil {
				yield(encryption.Stored{}, fmt.Errorf("read what is stored: %w", err))
				return
			}
			for _, kv := range page.Kvs {
				if !yield(stored(prefix, kv.Key, kv.Value), nil) {
					return
				}
			}
			if !page.More {
				return
			}
			from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
			revision = page.Header.Revision
		}
	}
}

func get(ctx context.Context, client *clientv3.Client, key string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return client.Get(ctx, key, options...)
}

// stored parses a key: the prefix, the resource, and the namespace and name.
func stored(prefix string, key, value []byte) encryption.Stored {
	path := string(key)
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, prefix), "/")
	return encryption.Stored{Path: path, Resource: resource, Value: value}
}
