// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Identity names one process for ever: a pid is given out again by the kernel,
// a pid together with its start time is not.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is the process' start in clock ticks since boot: field 22 of
	// /proc/<pid>/stat, see proc(5).
	StartTicks uint64 `json:"startTicks"`
}

// Identify reads the identity of a running process. A process that does not
// exist, or only as a zombie, is reported as fs.ErrNotExist.
func Identify(pid int) (Identity, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Identity{}, err
	}
	state, ticks, err := parseStat(stat)
	if err != nil {
		return Identity{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	if state == "Z" || state == "X" {
		return Identity{}, fmt.Errorf("process %d has exited: %w", pid, os.ErrNotExist)
	}
	return Identity{PID: pid, StartTicks: ticks}, nil
}

// Alive reports whether exactly this process still runs.
func (id Identity) Alive() bool {
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// parseStat returns the state (field 3) and the start time (field 22). Field 2,
// the command's name, may itself hold spaces and parentheses, so the fields are
// counted from the last closing one.
func parseStat(stat []byte) (state string, startTicks uint64, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return "", 0, fmt.Errorf("no command name in %q", stat)
	}
	const state3, start22 = 0, 22 - 3
	fields := bytes.Fields(stat[end+1:])
	if len(fields) <= start22 {
		return "", 0, fmt.Errorf("%d fields after the command name, want more than %d", len(fields), start22)
	}
	ticks, err := strconv.ParseUint(string(fields[start22]), 10, 64)
	if err != nil {
		return "", 0, fmt.Errorf("start time: %w", err)
	}
	return string(fields[state3]), ticks, nil
}
