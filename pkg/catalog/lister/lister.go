// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package lister is what the catalog.Listers of all clouds share: how they ask.
package lister

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
)

// Asker asks a cloud.
type Asker struct {
	Clock clock.PassiveClock
	// Classify returns an error of the cloud's SDK as a *cloud.Error, in words that
	// are the same each time the same fails.
	Classify func(error) error
	// Backoff between two attempts at one page; one without Steps asks once.
	Backoff wait.Backoff
}

// Patience is the Backoff of clouds whose SDK has none of its own: being throttled
// in the middle of a listing must not throw away the pages before. All attempts at
// a page take half a minute.
var Patience = wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 6, Cap: 20 * time.Second}

// errNothing says that an answer is empty. No region has no machines: it is taken
// for a failure, or all that is known would be gone.
var errNothing = errors.New("the answer is empty")

// Ask asks for a part of a listing and returns it, or what was known with the error
// in it. read returns the size of its answer too.
func Ask[T any](ctx context.Context, a *Asker, known catalog.Part[T], read func(context.Context) (value T, size int, err error)) catalog.Part[T] {
	asked := metav1.NewTime(a.Clock.Now())
	value, size, err := read(ctx)
	if err == nil && size == 0 {
		err = errNothing
	}
	if err != nil {
		err = a.Classify(err)
		known.Error, known.Class = err.Error(), cloud.ClassOf(err)
		return known
	}
	return catalog.Part[T]{Value: value, Time: asked}
}

// Page asks for one page, and again while the cloud is too busy or does not answer.
func (a *Asker) Page(ctx context.Context, ask func(context.Context) error) error {
	var last error
	backoff := a.Backoff
	backoff.Steps = max(1, backoff.Steps)
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		last = ask(ctx)
		if last == nil {
			return true, nil
		}
		class := cloud.ClassOf(a.Classify(last))
		if class == cloud.ClassThrottle || class == cloud.ClassTransient {
			return false, nil
		}
		return false, last
	})
	if wait.Interrupted(err) && last != nil {
		return last // what the cloud said tells more than that time is up
	}
	return err
}
