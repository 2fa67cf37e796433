// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package process starts, finds again and ends the lab's processes. What it
// starts outlives it; a record on disk says what runs, so that another call of
// the lab can stop it.
package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Spec is what to run.
type Spec struct {
	// Name is unique in the lab and names the record and the log file.
	Name string `json:"name"`
	// Tier orders the stop: higher tiers depend on lower ones and end first.
	Tier int `json:"tier"`
	// Path is the executable, absolute.
	Path string   `json:"path"`
	Args []string `json:"args,omitempty"`
	// Env is the whole environment beside PATH and HOME: what the caller's shell
	// exports, credentials among it, does not reach the lab's processes.
	Env []string `json:"env,omitempty"`
	// HealthURL answers 200 once the process is ready; empty when it has no such
	// endpoint. HealthCA is the PEM file that an https URL is verified by.
	HealthURL string `json:"healthURL,omitempty"`
	HealthCA  string `json:"healthCA,omitempty"`
}

// Record is a process that has been started. Its identity is zero once it has
// been stopped; the Spec stays so that it can be started again by name.
type Record struct {
	Spec
	Identity
}

// Table is the processes of one lab.
type Table struct {
	// RunDir holds a record for each process, LogDir its output.
	RunDir, LogDir string
}

// Start runs spec unless it runs already. It reports whether it had to.
func (t Table) Start(spec Spec) (started bool, err error) {
	if old, err := t.Get(spec.Name); err == nil && old.Alive() {
		return false, nil
	}
	log, err := os.OpenFile(t.LogFile(spec.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	defer log.Close()
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, spec.Env...)
	cmd.Dir = t.RunDir
	cmd.Stdout, cmd.Stderr = log, log
	// A session of its own: neither Ctrl-C nor the end of the lab's own terminal
	// ends what has been brought up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		return false, fmt.Errorf("%s ended at once, see %s", spec.Name, t.LogFile(spec.Name))
	}
	go func() { _ = cmd.Wait() }() // no zombie while the lab itself still runs
	return true, t.write(Record{Spec: spec, Identity: id})
}

// Get returns the record of a process, or an error that lists the names there are.
func (t Table) Get(name string) (Record, error) {
	data, err := os.ReadFile(t.recordFile(name))
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, fmt.Errorf("no process %q; there are: %s", name, strings.Join(t.names(), ", "))
	}
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("%s: %w", t.recordFile(name), err)
	}
	return r, nil
}

// List returns every record, in the order in which the tiers start.
func (t Table) List() ([]Record, error) {
	var records []Record
	for _, name := range t.names() {
		r, err := t.Get(name)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	slices.SortStableFunc(records, func(a, b Record) int { return a.Tier - b.Tier })
	return records, nil
}

// LogFile is where the process writes.
func (t Table) LogFile(name string) string { return filepath.Join(t.LogDir, name+".log") }

func (t Table) recordFile(name string) string { return filepath.Join(t.RunDir, name+".json") }

func (t Table) names() []string {
	files, _ := filepath.Glob(filepath.Join(t.RunDir, "*.json"))
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

// write replaces a record in one step: a reader never sees half of one.
func (t Table) write(r Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	tmp := t.recordFile(r.Name) + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, t.recordFile(r.Name))
}
