// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package progress tells who waits what is being done and how long it took.
package progress

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// redraw is how often the one line of a long step changes on a terminal.
	redraw = 3 * time.Second
	// relog is how often a long step is mentioned where lines stay, as in CI.
	relog = 15 * time.Second
)

// Printer prints one line for each step that has ended, from any goroutine.
type Printer struct {
	out      io.Writer
	terminal bool
	clock    clock.WithTicker
	mu       sync.Mutex
}

// New returns a Printer. On a terminal a long step redraws its line.
func New(out io.Writer, terminal bool, clock clock.WithTicker) *Printer {
	return &Printer{out: out, terminal: terminal, clock: clock}
}

// Step runs do and prints its name and time, or that it failed. The error is
// returned with the step's name in front.
func (p *Printer) Step(ctx context.Context, name string, do func(context.Context) error) error {
	start := p.clock.Now()
	err := do(ctx)
	took := p.clock.Since(start)
	if err != nil {
		if ctx.Err() == nil { // not one that was only broken off by another's failure
			p.line("  FAIL %-42s %6.1f s", name, took.Seconds())
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	p.line("  ok   %-42s %6.1f s", name, took.Seconds())
	return nil
}

// LongStep is a Step that says meanwhile that it is still at work.
func (p *Printer) LongStep(ctx context.Context, name string, do func(context.Context) error) error {
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { p.tick(name, done) })
	return p.Step(ctx, name, func(ctx context.Context) error {
		defer ticking.Wait()
		defer close(done)
		return do(ctx)
	})
}

// Printf prints a line of its own.
func (p *Printer) Printf(format string, args ...any) { p.line(format, args...) }

func (p *Printer) tick(name string, done <-chan struct{}) {
	interval := relog
	if p.terminal {
		interval = redraw
	}
	start, ticker := p.clock.Now(), p.clock.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C():
			elapsed := p.clock.Since(start).Seconds()
			if p.terminal {
				p.print("\r  ...  %-42s %6.0f s", name, elapsed)
			} else {
				p.line("  ...  %-42s %6.0f s", name, elapsed)
			}
		}
	}
}

func (p *Printer) line(format string, args ...any) {
	if p.terminal {
		format = "\r" + format
	}
	p.print(format+"\n", args...)
}

func (p *Printer) print(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format, args...)
}
