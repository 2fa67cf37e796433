// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package requeue turns the outcome of a reconcile into when the next one is due.
package requeue

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// conflictDelay lets the cache catch up with a write of somebody else.
	conflictDelay = 50 * time.Millisecond
	// The pause after errors, from the first to the longest. The default of
	// controller-runtime grows to a quarter of an hour, and a machine that
	// cannot be terminated is paid for all the while.
	firstPause, longestPause = 100 * time.Millisecond, 30 * time.Second
)

// OnConflict tries again soon when somebody else wrote the object meanwhile, which
// is no error, and leaves the pause to the queue when there is one.
func OnConflict(result reconcile.Result, err error) (reconcile.Result, error) {
	switch {
	case apierrors.IsConflict(err):
		return reconcile.Result{RequeueAfter: conflictDelay}, nil
	case err != nil:
		return reconcile.Result{}, err
	}
	return result, nil
}

// Pauses are the pauses after errors.
func Pauses() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstPause, longestPause)
}
