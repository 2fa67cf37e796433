// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
)

func newMaintenance(dir string) *etcd.Maintenance {
	return &etcd.Maintenance{DataDir: dir, Prefix: options.EtcdPrefix, Out: io.Discard, Clock: clock.RealClock{}}
}

// TestEtcdOutage stops etcd under a running server and starts it again.
func TestEtcdOutage(t *testing.T) {
	dir := etcdtest.DataDir(t)
	member, o := startMember(t, dir), newOptions()
	o.DataDir = dir
	s := serve(t, o, func() { member.Close() })
	created := s.createLocation(t, "kept")

	member.Close()
	waitFor(t, "readyz is red", func() error {
		answer := s.do("admin", http.MethodGet, "/readyz", nil, nil)
		if answer.code != http.StatusInternalServerError || !strings.Contains(answer.body, "[-]etcd failed") {
			return fmt.Errorf("%d %s", answer.code, answer.body)
		}
		return nil
	})
	body := []byte(`{"metadata":{"labels":{"x":"y"}}}`)
	merge := map[string]string{"Content-Type": "application/merge-patch+json"}
	// The library resets the stream if the deadline finds it writing its 504.
	if answer, err := s.try("admin", http.MethodPatch, path("edgelocations", "kept")+"?timeout=2s", merge, body); err == nil && answer.code < 500 {
		t.Errorf("a write without etcd: %d %s, want 5xx", answer.code, answer.body)
	}
	// Not from the watch cache, and never 404: unknown is not gone.
	if answer, err := s.try("admin", http.MethodGet, path("edgelocations", "kept")+"?timeout=2s", nil, nil); err == nil && answer.code < 500 {
		t.Errorf("a read without etcd: %d %s, want 5xx", answer.code, answer.body)
	}

	member = startMember(t, dir)
	s.waitReady()
	if kept := s.location(t, "kept"); kept.UID != created.UID {
		t.Errorf("after the outage: UID %s, want %s", kept.UID, created.UID)
	}
	s.createLocation(t, "later")
}

// TestQuota fills the store of a running server and makes room again.
func TestQuota(t *testing.T) {
	dir, o := etcdtest.DataDir(t), newOptions()
	member, err := etcd.Start(dir, 2<<20)
	if err != nil {
		t.Fatal(err)
	}
	o.DataDir = dir
	s := serve(t, o, member.Close)
	client, err := etcd.Connect(storagebackend.TransportConfig{ServerList: []string{etcd.Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	waitFor(t, "the store is full", func() error {
		if _, err := client.Put(t.Context(), "/filler", strings.Repeat("x", 500<<10)); !errors.Is(err, rpctypes.ErrNoSpace) {
			return fmt.Errorf("a write: %w", cmp.Or(err, errors.New("accepted")))
		}
		return nil
	})
	answer := s.do("admin", http.MethodGet, "/healthz", nil, nil)
	if answer.code != http.StatusInternalServerError || !strings.Contains(answer.body, "[-]etcd-quota failed") || !strings.Contains(answer.body, "[+]etcd ok") {
		t.Errorf("healthz of a full store: %d %s, want etcd-quota alone to fail", answer.code, answer.body)
	}
	s.waitReady() // to be read
	locations := s.client().OmniV1beta1().EdgeLocations(namespace)
	if _, err := locations.Create(t.Context(), newLocation("refused"), metav1.CreateOptions{}); !apierrors.IsInternalError(err) {
		t.Errorf("a write to a full store: %v, want 500", err)
	}
	if err := newMaintenance(dir).Defragment(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.waitReady()
	s.createLocation(t, "accepted")
}

// waitFor returns when the attempt has succeeded.
func waitFor(t *testing.T, what string, attempt func() error) {
	t.Helper()
	last := errors.New("not tried")
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		last = attempt()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v: %v", what, err, last)
	}
}

// TestGracefulShutdown stops the server while a watch is open and a request is
// under way: the one ends cleanly, the other is served, and nothing is an error.
func TestGracefulShutdown(t *testing.T) {
	s := newServer(t)
	s.createLocation(t, "seen")
	watcher, err := s.client().OmniV1beta1().EdgeLocations(namespace).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if event := <-watcher.ResultChan(); event.Type != watch.Added {
		t.Fatalf("the watch begins with %v, want the object", event)
	}
	answered, finish := s.slowCreate(t, "in-flight")

	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }() // fails the test if the server ends with an error
	// The listener closes when the server drains: whoever comes now is refused.
	waitFor(t, "the server takes no new connections", func() error {
		config := s.as("admin")
		config.NextProtos = []string{"http/1.1"} // a connection of its own
		client, err := restclient.HTTPClientFor(config)
		if err != nil {
			return err
		}
		defer client.CloseIdleConnections()
		answer, err := client.Get(config.Host + "/livez")
		if err == nil {
			answer.Body.Close()
			return errors.New("it still answers")
		}
		return nil
	})
	finish()
	if answer := <-answered; answer != nil {
		t.Errorf("the request in flight: %v", answer)
	}
	for event := range watcher.ResultChan() {
		if event.Type == watch.Error {
			t.Errorf("the watch ends with %v, want no error", event.Object)
		}
	}
	<-stopped
}

// slowCreate returns once the server reads the body of a request, of which it has
// sent a part; finish sends the rest. The answer is nil if the object was created.
func (s *testServer) slowCreate(t *testing.T, name string) (answer <-chan error, finish func()) {
	t.Helper()
	body := fmt.Sprintf(`{"metadata":{"name":%q},"spec":{"provider":"AWS","region":"us-west-2","controlPlane":{"external":{"kubeconfigSecretRef":{"name":"k"}}}}}`, name)
	reader, writer := io.Pipe()
	client, err := restclient.HTTPClientFor(s.as("admin"))
	if err != nil {
		t.Fatal(err)
	}
	reading := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reading) }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.admin.Host+path("edgelocations"), reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Expect", "100-continue") // answered when the body is read
	result := make(chan error, 1)
	go func() {
		answer, err := client.Do(request)
		if err == nil {
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusCreated {
				err = errors.New(answer.Status)
			}
		}
		result <- err
	}()
	write := func(part string) {
		if _, err := io.WriteString(writer, part); err != nil {
			t.Error(err)
		}
	}
	write(body[:20])
	<-reading
	return result, func() { write(body[20:]); writer.Close() }
}
