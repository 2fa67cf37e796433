// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"sync"
	"time"
)

// The window that gathers the pods of a deployment into one decision: it closes
// when no pod has come for a while, or after the longest time; Karpenter's
// defaults. https://karpenter.sh/docs/reference/settings/
const (
	batchIdle = time.Second
	batchMax  = 10 * time.Second
)

// batch is that window. The zero value is closed: a decision may be made at once.
type batch struct {
	mu          sync.Mutex
	first, last time.Time
}

// add notes that a pod came: the window opens, or stays open.
func (b *batch) add(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first.IsZero() {
		b.first = now
	}
	b.last = now
}

// hurry closes the window: pods that have waited for a machine that does not come
// wait no longer.
func (b *batch) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first = time.Time{}
}

// left is how long the window stays open; 0 when it is closed, or closes now.
func (b *batch) left(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first.IsZero() {
		return 0
	}
	left := min(b.last.Add(batchIdle).Sub(now), b.first.Add(batchMax).Sub(now))
	if left <= 0 {
		b.first = time.Time{}
		return 0
	}
	return left
}
