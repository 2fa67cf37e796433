// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const (
	// patience bounds one wait. Everything here takes seconds on an idle machine;
	// a location that is well looks at its cloud every 30 s.
	patience = 2 * time.Minute
	// pollInterval is how often a check is made. Checks of omni.cast.ai read the
	// informers' caches.
	pollInterval = 200 * time.Millisecond
)

// eventually waits until check finds nothing to complain of.
func eventually(ctx context.Context, t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	if err := until(ctx, check); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Log(what)
}

// until is eventually for cleanups, which go on after an error. The error is what
// check complained of last.
func until(ctx context.Context, check func(ctx context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); err != nil {
			if ctx.Err() == nil || last == nil {
				last = err
			}
			return false, nil
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("%w; %w", err, last)
	}
	return nil
}

// history remembers every Edge that ever was, as it was last.
var history = &edgeHistory{edges: map[types.UID]*v1beta1.Edge{}}

type edgeHistory struct {
	mu    sync.Mutex
	edges map[types.UID]*v1beta1.Edge
}

var _ cache.ResourceEventHandler = history

func (h *edgeHistory) OnAdd(object any, _ bool) { h.note(object) }
func (h *edgeHistory) OnUpdate(_, object any)   { h.note(object) }
func (h *edgeHistory) OnDelete(object any) {
	if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	h.note(object)
}

func (h *edgeHistory) note(object any) {
	edge := object.(*v1beta1.Edge)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.edges[edge.UID] = edge
}

// since returns the edges that are not in before.
func (h *edgeHistory) since(before map[types.UID]*v1beta1.Edge) map[types.UID]*v1beta1.Edge {
	h.mu.Lock()
	defer h.mu.Unlock()
	edges := map[types.UID]*v1beta1.Edge{}
	for uid, edge := range h.edges {
		if before[uid] == nil {
			edges[uid] = edge
		}
	}
	return edges
}
