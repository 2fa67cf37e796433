// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/castai/omni/pkg/apiserver/encryption"
	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
)

// storedAt returns what etcd holds of the location, byte by byte.
func storedAt(t *testing.T, dir, name string) []byte {
	t.Helper()
	client, err := etcd.Connect(storagebackend.TransportConfig{ServerList: []string{etcd.Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	answer, err := client.Get(context.Background(), "/registry/omni.cast.ai/edgelocations/"+namespace+"/"+name)
	if err != nil || len(answer.Kvs) != 1 {
		t.Fatalf("%v %v, want one object", answer, err)
	}
	return answer.Kvs[0].Value
}

// startError is the error of a server on the data directory.
func startError(t *testing.T, dir string, encrypted bool) error {
	t.Helper()
	member := startMember(t, dir)
	defer member.Close()
	o := newOptions()
	o.DataDir, o.EncryptionAtRest = dir, encrypted
	return configError(t, o)
}

// configError is the error of a server that must not start.
func configError(t *testing.T, o *options.Options) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o.Recommended.SecureServing.Listener = listener
	_, err = o.Config(t.Context())
	return err
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want an error with %q", err, part)
		}
	}
}

func TestEncryptionAtRest(t *testing.T) {
	dir := etcdtest.DataDir(t)
	s := newServerOn(t, dir)
	object := newLocation("vault")
	object.Spec.Description = "a description that nobody may read"
	if _, err := s.client().OmniV1beta1().EdgeLocations(namespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	raw := storedAt(t, dir, "vault")
	if !bytes.HasPrefix(raw, []byte("k8s:enc:secretbox:v1:key1:")) || bytes.Contains(raw, []byte("description")) {
		t.Errorf("etcd holds %q, want it encrypted", raw)
	}
	// Nor may the plain text be anywhere else, as in the write-ahead log.
	s.stop()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("nobody may read")) {
			t.Errorf("%s holds the description in plain text", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("a lost key is an error", func(t *testing.T) {
		key, lost := encryption.File(dir), filepath.Join(t.TempDir(), "lost")
		if err := os.Rename(key, lost); err != nil {
			t.Fatal(err)
		}
		wantError(t, startError(t, dir, true), key+" is missing", "put back the copy")
		if _, err := os.Stat(key); err == nil {
			t.Error("a new key was made over the lost one")
		}
		wantError(t, startError(t, dir, false), "drop --encryption-at-rest=false")
		if err := os.Rename(lost, key); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("the key rotates", func(t *testing.T) { testRotation(t, dir) })
}

func testRotation(t *testing.T, dir string) {
	key := encryption.File(dir)
	content, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	added := "keys:\n      - name: key2\n        secret: " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n"
	rotated := strings.Replace(string(content), "keys:\n", added, 1)
	if err := os.WriteFile(key, []byte(rotated), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServerOn(t, dir)
	if old := s.location(t, "vault"); old.Spec.Description != "a description that nobody may read" {
		t.Errorf("after the rotation the object reads %+v", old.Spec)
	}
	s.createLocation(t, "new")
	if raw := storedAt(t, dir, "new"); !bytes.HasPrefix(raw, []byte("k8s:enc:secretbox:v1:key2:")) {
		t.Errorf("a new object is stored as %q, want key2", raw)
	}
	// What a storage version migration sends: a patch that changes nothing.
	if _, err := s.client().OmniV1beta1().EdgeLocations(namespace).Patch(t.Context(), "vault", types.MergePatchType, []byte("{}"), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if raw := storedAt(t, dir, "vault"); !bytes.HasPrefix(raw, []byte("k8s:enc:secretbox:v1:key2:")) {
		t.Errorf("a patched object is stored as %q, want key2", raw)
	}
	s.stop()
	// Now nothing needs key1.
	if err := os.WriteFile(key, []byte(strings.NewReplacer("name: key1", "name: key0", "name: key2", "name: key2").Replace(rotated)), 0o600); err != nil {
		t.Fatal(err)
	}
	newServerOn(t, dir).location(t, "vault")
}

// TestEncryptsOlderStore: a store from before encryption stays readable.
func TestEncryptsOlderStore(t *testing.T) {
	dir := etcdtest.DataDir(t)
	member, o := startMember(t, dir), newOptions()
	o.DataDir, o.EncryptionAtRest = dir, false
	plain := serve(t, o, member.Close)
	plain.createLocation(t, "older")
	if raw := storedAt(t, dir, "older"); !bytes.Contains(raw, []byte("us-west-2")) {
		t.Errorf("with --encryption-at-rest=false etcd holds %q", raw)
	}
	plain.stop()
	if _, err := os.Stat(encryption.File(dir)); err == nil {
		t.Error("with --encryption-at-rest=false a key was made")
	}
	s := newServerOn(t, dir)
	s.location(t, "older")
	s.createLocation(t, "newer")
	if raw := storedAt(t, dir, "newer"); bytes.Contains(raw, []byte("us-west-2")) {
		t.Errorf("etcd holds %q, want it encrypted", raw)
	}
}

// TestSnapshot: the drill of an operator, at a running server.
func TestSnapshot(t *testing.T) {
	dir, target, file := etcdtest.DataDir(t), etcdtest.DataDir(t), filepath.Join(t.TempDir(), "omni.db")
	s := newServerOn(t, dir)
	created := s.createLocation(t, "kept")
	m, restore := newMaintenance(dir), newMaintenance(target)
	if err := m.Snapshot(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	later := s.createLocation(t, "later")
	if err := restore.Restore(t.Context(), file, encryption.File(dir)); err != nil {
		t.Fatal(err)
	}
	s.stop()
	restored := newServerOn(t, target)
	if kept := restored.location(t, "kept"); kept.UID != created.UID {
		t.Errorf("restored with UID %s, want %s", kept.UID, created.UID)
	}
	if answer := restored.do("admin", http.MethodGet, path("edgelocations", "later"), nil, nil); answer.code != http.StatusNotFound {
		t.Errorf("what came after the snapshot: %d, want 404", answer.code)
	}
	// A client that has seen later revisions lists anew instead of missing events.
	watch := path("edgelocations") + "?watch=1&timeoutSeconds=5&resourceVersion=" + later.ResourceVersion
	if answer := restored.do("admin", http.MethodGet, watch, nil, nil); !strings.Contains(answer.body, `"code":410`) {
		t.Errorf("a watch from before the restore: %d %s, want 410", answer.code, answer.body)
	}
}

// TestCompaction: the history of the embedded etcd does not grow for ever.
func TestCompaction(t *testing.T) {
	dir := etcdtest.DataDir(t)
	member, o := startMember(t, dir), newOptions()
	if got := o.Recommended.Etcd.StorageConfig.CompactionInterval; got != 5*time.Minute {
		t.Errorf("the history is kept for %s by default, want 5m", got)
	}
	o.DataDir, o.Recommended.Etcd.StorageConfig.CompactionInterval = dir, 100*time.Millisecond
	s := serve(t, o, member.Close)
	first := s.createLocation(t, "first")
	s.createLocation(t, "second")
	client, err := etcd.Connect(storagebackend.TransportConfig{ServerList: []string{etcd.Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	revision, err := strconv.ParseInt(first.ResourceVersion, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the first revision is compacted", func() error {
		_, err := client.Get(t.Context(), "/registry", clientv3.WithPrefix(), clientv3.WithRev(revision))
		if !errors.Is(err, rpctypes.ErrCompacted) {
			return fmt.Errorf("reading it: %w", cmp.Or(err, errors.New("it is there")))
		}
		return nil
	})
}
