// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"testing"
	"time"
)

func TestBatch(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	b := &batch{}
	expect := func(now, want float64) {
		t.Helper()
		if got := b.left(at(now)).Seconds(); got != want {
			t.Fatalf("at %v s the window is open for %v s, want %v", now, got, want)
		}
	}
	expect(0, 0)
	b.add(at(0))
	expect(0.25, 0.75)
	b.add(at(0.5)) // another pod keeps it open
	expect(1, 0.5)
	expect(1.5, 0)
	expect(1.5, 0) // and it stays closed

	for second := range 10 {
		b.add(at(10 + float64(second)))
		b.add(at(10.5 + float64(second)))
	}
	expect(19.75, 0.25) // not for longer than ten seconds
	expect(20, 0)

	b.add(at(30))
	b.hurry()
	expect(30, 0)
}
