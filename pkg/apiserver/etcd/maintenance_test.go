// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/apiserver/encryption"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
)

const (
	prefix   = "/registry/omni.cast.ai"
	location = prefix + "/edgelocations/team-a/oregon"
	// sealed is what secretbox makes of "secret" with a key and a nonce of zeros.
	sealed = "ޛ+?g\a\x99\x87\r\x1cf\xaf\xd9\x1c\xf0H\xb5[؍\x9b\xf1"
)

func start(t *testing.T, dir string, quotaBytes int64) (*Server, *clientv3.Client) {
	t.Helper()
	server, err := Start(dir, quotaBytes)
	if err != nil {
		t.Fatal(err)
	}
	client, err := Connect(storagebackend.TransportConfig{ServerList: []string{Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return server, client
}

func put(t *testing.T, client *clientv3.Client, key, value string) {
	t.Helper()
	if _, err := client.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
}

func maintenance(dir string) (*Maintenance, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return &Maintenance{DataDir: dir, Prefix: prefix, Out: out, Clock: clock.RealClock{}}, out
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want an error with %q", err, want)
	}
}

func TestSnapshotAndRestore(t *testing.T) {
	ctx, dir, file := t.Context(), etcdtest.DataDir(t), filepath.Join(t.TempDir(), "omni.db")
	server, client := start(t, dir, DefaultQuotaBytes)
	put(t, client, location, "saved")
	online, out := maintenance(dir)
	if err := online.Snapshot(ctx, file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v, want 0600", info.Mode(), err)
	}
	if !strings.Contains(out.String(), "1 keys") {
		t.Errorf("the snapshot says %q, want what is in it", out)
	}
	put(t, client, location, "written after the snapshot")
	wantError(t, online.Snapshot(ctx, file), "exists")
	wantError(t, online.Restore(ctx, file, ""), "in use by another process")
	late, err := client.Get(ctx, location)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	wantError(t, online.Restore(ctx, file, ""), "not empty")
	if err := online.Snapshot(ctx, file+".offline"); err != nil {
		t.Errorf("snapshot of a member that does not run: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 2 {
		t.Errorf("%v %v, want two snapshots and nothing else", entries, err)
	}

	target := etcdtest.DataDir(t)
	restore, out := maintenance(target)
	if err := restore.Restore(ctx, file, ""); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "WARNING") {
		t.Errorf("no key is needed, but: %s", out)
	}
	server, client = start(t, target, DefaultQuotaBytes)
	defer server.Close()
	answer, err := client.Get(ctx, location)
	if err != nil || len(answer.Kvs) != 1 || string(answer.Kvs[0].Value) != "saved" {
		t.Fatalf("%v %v, want what was saved", answer, err)
	}
	// Who has seen a later revision must not watch on as if nothing had happened.
	watched := <-client.Watch(ctx, location, clientv3.WithRev(late.Header.Revision))
	if !errors.Is(watched.Err(), rpctypes.ErrCompacted) {
		t.Errorf("a watch from before the restore: %v, want %v", watched.Err(), rpctypes.ErrCompacted)
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	ctx, dir, file := t.Context(), etcdtest.DataDir(t), filepath.Join(t.TempDir(), "omni.db")
	server, client := start(t, dir, DefaultQuotaBytes)
	put(t, client, location, "saved")
	m, _ := maintenance(dir)
	if err := m.Snapshot(ctx, file); err != nil {
		t.Fatal(err)
	}
	server.Close()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	target := etcdtest.DataDir(t)
	restore, _ := maintenance(target)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, restore.Restore(ctx, file, ""), "sha256")
	wantError(t, restore.Restore(ctx, file+".missing", ""), "no such file")
	if _, err := os.Stat(storePath(target)); err == nil {
		t.Error("a damaged snapshot has become a store")
	}
}

func TestRestoreChecksTheKey(t *testing.T) {
	ctx, dir, file := t.Context(), etcdtest.DataDir(t), filepath.Join(t.TempDir(), "omni.db")
	server, client := start(t, dir, DefaultQuotaBytes)
	none := func(func(encryption.Stored, error) bool) {}
	if err := encryption.Ensure(dir, none, bytes.NewReader(make([]byte, 32))); err != nil {
		t.Fatal(err)
	}
	put(t, client, location, "k8s:enc:secretbox:v1:key1:"+strings.Repeat("\x00", 24)+sealed)
	m, _ := maintenance(dir)
	if err := m.Snapshot(ctx, file); err != nil {
		t.Fatal(err)
	}
	server.Close()

	wrong := t.TempDir()
	if err := encryption.Ensure(wrong, none, bytes.NewReader(bytes.Repeat([]byte{1}, 32))); err != nil {
		t.Fatal(err)
	}
	target := etcdtest.DataDir(t)
	restore, out := maintenance(target)
	wantError(t, restore.Restore(ctx, file, encryption.File(wrong)), "does not decrypt "+location)
	if err := restore.Restore(ctx, file, encryption.File(dir)); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(encryption.File(target)); err != nil || !bytes.Contains(kept, []byte("secretbox")) {
		t.Errorf("the key is not in the data directory: %v", err)
	}
	status, err := restore.Status(ctx)
	if err != nil || status.Objects["secretbox/key1"] != 1 {
		t.Errorf("%+v %v, want one object encrypted with secretbox/key1", status, err)
	}
	if strings.Contains(out.String(), "WARNING") {
		t.Errorf("the key is there, but: %s", out)
	}

	// Without a key: a warning. With one that was put there before: checked too.
	bare, out := maintenance(etcdtest.DataDir(t))
	if err := bare.Restore(ctx, file, ""); err != nil || !strings.Contains(out.String(), "WARNING: the objects are encrypted with secretbox/key1") {
		t.Errorf("%v, says %q; want a warning", err, out)
	}
	placed, _ := maintenance(etcdtest.DataDir(t))
	if err := encryption.Ensure(placed.DataDir, none, bytes.NewReader(bytes.Repeat([]byte{1}, 32))); err != nil {
		t.Fatal(err)
	}
	wantError(t, placed.Restore(ctx, file, ""), "does not decrypt")
	wantError(t, placed.Restore(ctx, file, encryption.File(dir)), "drop --encryption-provider-config")
}

func TestMaintenanceNeedsAStore(t *testing.T) {
	dir := filepath.Join(etcdtest.DataDir(t), "none")
	m, _ := maintenance(dir)
	_, err := m.Status(t.Context())
	wantError(t, err, "has no store")
	if _, err := os.Stat(dir); err == nil {
		t.Error("a look at a directory has made it")
	}
	wantError(t, (&Maintenance{}).Validate(), "--data-dir (embedded) or --etcd-servers")
	m.Servers.ServerList = []string{"https://e:2379"}
	wantError(t, m.Validate(), "exclude each other")
	wantError(t, (&Maintenance{Servers: storagebackend.TransportConfig{ServerList: []string{"a", "b"}}}).Snapshot(context.Background(), "f"), "name one in --etcd-servers")
}

func TestStatus(t *testing.T) {
	dir := etcdtest.DataDir(t)
	server, client := start(t, dir, 1<<30)
	defer server.Close()
	// More than one page.
	for i := range pageSize + 1 {
		put(t, client, prefix+"/edges/team-a/"+strings.Repeat("x", i), "{}")
	}
	put(t, client, "/elsewhere", "not ours")
	m, _ := maintenance(dir)
	status, err := m.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(status.Members) != 1 || status.Members[0].Quota != 1<<30 || !status.Members[0].Leader || status.Objects[encryption.Identity] != pageSize+1 {
		t.Errorf("%+v, want one leader with a quota of 1 GiB and %d objects in plain text", status, pageSize+1)
	}
	var table bytes.Buffer
	if err := status.Print(&table); err != nil || !strings.Contains(table.String(), "1Gi") || !strings.Contains(table.String(), "identity         501") {
		t.Errorf("%v, prints\n%s", err, &table)
	}
	if encoded, err := json.Marshal(status); err != nil || !bytes.Contains(encoded, []byte(`"quotaBytes":1073741824,"errors":[]`)) {
		t.Errorf("%s %v", encoded, err)
	}
}

func TestProgress(t *testing.T) {
	fake, finish, done := testingclock.NewFakeClock(time.Time{}), make(chan error), make(chan error)
	lines, out := io.Pipe()
	m := &Maintenance{Out: out, Clock: fake}
	go func() { done <- m.step("saving", func() error { return <-finish }) }()
	err := wait.PollUntilContextCancel(t.Context(), time.Millisecond, true, func(context.Context) (bool, error) { return fake.HasWaiters(), nil })
	if err != nil {
		t.Fatal(err)
	}
	fake.Step(progressEvery)
	if line, err := bufio.NewReader(lines).ReadString('\n'); err != nil || line != "saving: 2s\n" {
		t.Errorf("after two seconds: %q %v, want a line", line, err)
	}
	finish <- errors.New("disk full")
	wantError(t, <-done, "disk full")
}
