// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Stop sends SIGTERM, and SIGKILL to what has not ended after grace. The record
// stays without an identity, so that Start(record.Spec) brings it back.
func (t Table) Stop(r Record, grace time.Duration) error {
	if err := signalAndWait(r.Identity, unix.SIGTERM, grace); err != nil {
		return fmt.Errorf("stop %s: %w", r.Name, err)
	}
	return t.write(Record{Spec: r.Spec})
}

// Signal sends one signal. After SIGKILL it waits until the process has gone.
func (t Table) Signal(r Record, signal unix.Signal) error {
	if signal == unix.SIGKILL {
		if err := signalAndWait(r.Identity, signal, 0); err != nil {
			return fmt.Errorf("kill %s: %w", r.Name, err)
		}
		return t.write(Record{Spec: r.Spec})
	}
	fd, err := open(r.Identity)
	if err != nil {
		return fmt.Errorf("signal %s: %w", r.Name, err)
	}
	defer unix.Close(fd)
	return unix.PidfdSendSignal(fd, signal, nil, 0)
}

// StopAll ends every process, the highest tier first and each tier at once, and
// waits for a tier before it begins the next. observe hears of each that ended.
func (t Table) StopAll(ctx context.Context, grace time.Duration, observe func(name string)) error {
	records, err := t.List()
	if err != nil {
		return err
	}
	for len(records) > 0 && ctx.Err() == nil {
		tier := records[len(records)-1].Tier
		var group errgroup.Group
		for len(records) > 0 && records[len(records)-1].Tier == tier {
			r := records[len(records)-1]
			records = records[:len(records)-1]
			if !r.Alive() {
				continue
			}
			group.Go(func() error {
				defer observe(r.Name)
				return t.Stop(r, grace)
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// errGone says that the process of an Identity no longer runs.
var errGone = errors.New("it does not run")

// open returns a pidfd of exactly this process. The identity is compared after
// the pidfd is taken: from then on the pid cannot become another process.
func open(id Identity) (int, error) {
	if id.PID <= 0 {
		return -1, errGone
	}
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return -1, errGone
	}
	if err != nil {
		return -1, err
	}
	if !id.Alive() {
		unix.Close(fd)
		return -1, errGone
	}
	return fd, nil
}

// signalAndWait sends the signal, waits for grace, then kills. A process that
// has gone already is no error.
func signalAndWait(id Identity, signal unix.Signal, grace time.Duration) error {
	fd, err := open(id)
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, signal, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	if signal != unix.SIGKILL {
		// A stopped process (SIGSTOP) takes SIGTERM only when it continues.
		_ = unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0)
		if ended, err := waitExit(fd, grace); ended || err != nil {
			return err
		}
		if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	if ended, err := waitExit(fd, killBound); err != nil || ended {
		return err
	}
	return fmt.Errorf("pid %d survives SIGKILL for %s", id.PID, killBound)
}

// killBound is how long a killed process may take to be gone: only the kernel
// is still at work then.
const killBound = 10 * time.Second

// waitExit waits until the process of a pidfd ends: the descriptor becomes
// readable then, see pidfd_open(2).
func waitExit(fd int, bound time.Duration) (ended bool, err error) {
	deadline := time.Now().Add(bound)
	for {
		left := max(time.Until(deadline), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return n > 0, err
	}
}
