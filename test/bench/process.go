// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is what the lab keeps of a process it has started.
type process struct {
	PID  int
	Args []string
	// StartTicks is when it started, in ticks since boot; see proc_pid_stat(5).
	StartTicks          int64
	HealthURL, HealthCA string
}

// ticksPerSecond is USER_HZ, 100 on every architecture that Linux runs on today.
const ticksPerSecond = 100

// process reads the lab's record of a process.
func (b *bench) process(name string) (process, error) {
	var p process
	data, err := os.ReadFile(filepath.Join(b.lab.Dir, "run", name+".json"))
	if err != nil {
		return p, fmt.Errorf("the lab does not run %s: %w", name, err)
	}
	return p, json.Unmarshal(data, &p)
}

// age is for how long the process has run, in seconds, to a hundredth.
func (p process) age() (float64, error) {
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(uptime), " ")
	now, err := strconv.ParseFloat(first, 64)
	return now - float64(p.StartTicks)/ticksPerSecond, err
}

// cpu is the time that the processes that serve a target have used so far, in
// seconds. Unlike a latency it is the same on a busy machine.
func (b *bench) cpu(target string) (float64, error) {
	var ticks float64
	for _, name := range b.serving[target] {
		p, err := b.process(name)
		if err != nil {
			return 0, err
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
		if err != nil {
			return 0, err
		}
		// After the name in parentheses come the state and, as the 12th and 13th
		// field from there, utime and stime.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		for _, field := range fields[11:13] {
			value, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, err
			}
			ticks += value
		}
	}
	return ticks / ticksPerSecond, nil
}

// rss is the resident memory of a process in megabytes of 10^6 bytes.
func rss(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kilobytes, err := numberAfter(status, "VmRSS:")
	return kilobytes * 1024 / 1e6, err
}

// heap is what is alive on the heap of a Go server after a collection, in
// megabytes: unlike the resident memory it does not depend on when the collector
// ran last.
func (c *client) heap(ctx context.Context) (float64, error) {
	profile, err := raw(c.Get().AbsPath("/debug/pprof/heap").Param("gc", "1").Param("debug", "1").Do(ctx))
	if err != nil {
		return 0, err
	}
	size, err := numberAfter(profile, "# HeapAlloc =")
	return size / 1e6, err
}

// numberAfter is the number that follows a key at the beginning of a line.
func numberAfter(text []byte, key string) (float64, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			return strconv.ParseFloat(number, 64)
		}
	}
	return 0, fmt.Errorf("no %q in it", key)
}

// memory is what a server and its etcd use, in megabytes.
type memory struct{ rss, heap float64 }

// memoryOf measures omni-apiserver, which has its etcd inside, or kube-apiserver
// and the etcd beside it; the heap is the API server's only.
func (b *bench) memoryOf(ctx context.Context, t target) (memory, error) {
	var m memory
	c, err := t.newClient(t.admin)
	if err != nil {
		return m, err
	}
	if m.heap, err = c.heap(ctx); err != nil {
		return m, fmt.Errorf("heap of %s: %w", t.name, err)
	}
	for _, name := range b.storing[t.name] {
		p, err := b.process(name)
		if err != nil {
			return m, err
		}
		size, err := rss(p.PID)
		if err != nil {
			return m, err
		}
		m.rss += size
	}
	return m, nil
}
