// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stubborn ignores SIGTERM.
const stubborn = `trap '' TERM; while :; do sleep 1; done`

func newTable(t *testing.T) Table {
	t.Helper()
	table := Table{RunDir: t.TempDir(), LogDir: t.TempDir()}
	t.Cleanup(func() {
		if err := table.StopAll(context.Background(), 0, func(string) {}); err != nil {
			t.Error(err)
		}
	})
	return table
}

// start runs a shell script and returns its record.
func start(t *testing.T, table Table, name string, tier int, script string) Record {
	t.Helper()
	started, err := table.Start(Spec{Name: name, Tier: tier, Path: "/bin/sh", Args: []string{"-c", script}})
	if err != nil || !started {
		t.Fatalf("start %s: started %v, %v", name, started, err)
	}
	record, err := table.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
	tests := []struct {
		name, stat, state string
		ticks             uint64
		fails             bool
	}{
		{name: "plain", stat: "12 (etcd)" + rest, state: "S", ticks: 4711},
		{name: "name with spaces and parentheses", stat: "12 (a b) R 1) c)" + rest, state: "S", ticks: 4711},
		{name: "no name", stat: "12 etcd S", fails: true},
		{name: "too short", stat: "12 (etcd) S 1 2", fails: true},
		{name: "no number", stat: "12 (etcd)" + strings.Replace(rest, "4711", "x", 1), fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state, ticks, err := parseStat([]byte(test.stat))
			if (err != nil) != test.fails {
				t.Fatalf("error %v, want one: %v", err, test.fails)
			}
			if state != test.state || ticks != test.ticks {
				t.Errorf("got %q %d, want %q %d", state, ticks, test.state, test.ticks)
			}
		})
	}
}

func TestReusedPIDIsSpared(t *testing.T) {
	table := newTable(t)
	other := start(t, table, "other", 0, "exec sleep 60")
	// A record whose process has ended and whose pid is now that of another.
	stale := Record{Spec: Spec{Name: "stale"}, Identity: Identity{PID: other.PID, StartTicks: other.StartTicks - 1}}
	if stale.Alive() {
		t.Error("the stale record counts as alive")
	}
	if err := table.Stop(stale, 0); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := table.Signal(stale, unix.SIGKILL); err != nil {
		t.Errorf("kill: %v", err)
	}
	if err := table.Signal(stale, unix.SIGSTOP); err == nil {
		t.Error("a signal to a process that has gone is no error")
	}
	if !other.Alive() {
		t.Error("the process that has the pid now was ended")
	}
}

func TestStopKillsWhatIgnoresTermination(t *testing.T) {
	table := newTable(t)
	record := start(t, table, "stubborn", 0, stubborn)
	if err := table.Stop(record, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if record.Alive() {
		t.Error("still alive")
	}
}

func TestStopEndsAStoppedProcess(t *testing.T) {
	table := newTable(t)
	record := start(t, table, "frozen", 0, "exec sleep 60")
	if err := table.Signal(record, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := table.Stop(record, time.Minute); err != nil { // without SIGCONT this takes the minute
		t.Fatal(err)
	}
	if record.Alive() {
		t.Error("still alive")
	}
}

func TestStartAgainByRecord(t *testing.T) {
	table := newTable(t)
	first := start(t, table, "one", 3, "exec sleep 60")
	if started, err := table.Start(first.Spec); err != nil || started {
		t.Errorf("started %v, %v while it runs", started, err)
	}
	if err := table.Signal(first, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	stopped, err := table.Get("one")
	if err != nil {
		t.Fatal(err)
	}
	if stopped.PID != 0 || stopped.Tier != 3 {
		t.Errorf("record after kill: %+v", stopped)
	}
	if started, err := table.Start(stopped.Spec); err != nil || !started {
		t.Errorf("started %v, %v after it was killed", started, err)
	}
}

func TestStopAllEndsHighTiersFirst(t *testing.T) {
	table := newTable(t)
	records := map[string]Record{}
	for name, tier := range map[string]int{"etcd": 0, "apiserver": 1, "kcm": 2, "scheduler": 2, "controller": 5} {
		records[name] = start(t, table, name, tier, "exec sleep 60")
	}
	var (
		mu    sync.Mutex
		order []string
	)
	err := table.StopAll(context.Background(), time.Minute, func(name string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, name)
		for other, r := range records {
			if r.Tier < records[name].Tier && !r.Alive() {
				t.Errorf("%s ended before %s", other, name)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tiers := make([]int, 0, len(order))
	for _, name := range order {
		tiers = append(tiers, -records[name].Tier)
	}
	if len(order) != len(records) || !slices.IsSorted(tiers) {
		t.Errorf("ended in the order %v", order)
	}
}

func TestEnvironmentOfTheCallerStaysOut(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the caller's own")
	table := newTable(t)
	record := start(t, table, "env", 0, "exec sleep 60")
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(record.PID) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(environ), "the caller's own") {
		t.Error("the caller's credentials are in the process' environment")
	}
}

func TestGetNamesWhatThereIs(t *testing.T) {
	table := newTable(t)
	start(t, table, "moto", 0, "exec sleep 60")
	_, err := table.Get("mto")
	if err == nil || !strings.Contains(err.Error(), "moto") {
		t.Errorf("error %v does not name the process there is", err)
	}
}
