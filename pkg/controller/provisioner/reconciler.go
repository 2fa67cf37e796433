// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package provisioner buys edges for pods that fit nowhere. It reads what the
// decision depends on (pkg/state), lets the solver decide (pkg/scheduling), and
// carries the decision out.
package provisioner

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
)

const (
	// retryInterval is how soon pods that are still pending are looked at again:
	// what is unavailable comes back without an event.
	retryInterval = time.Minute
	// The pause after a purchase before the next one for the same pod, doubled
	// each time: short, because a refused offering is replaced at once.
	firstBackoff   = 2 * time.Second
	longestBackoff = time.Hour
)

// Reconciler decides on all pending pods together; it has one request.
type Reconciler struct {
	// Omni is the client of omni-apiserver, Main of the main cluster.
	Omni, Main client.Client
	// Direct reads edges from the server, past the cache: an edge that is not
	// seen yet would be bought again.
	Direct      client.Reader
	Catalog     state.Catalog
	Unavailable *unavailable.Offerings
	// EdgeOverhead is what every machine costs besides its price, in US dollars per hour.
	EdgeOverhead float64
	Recorder     events.EventRecorder
	Clock        clock.Clock

	batch batch
	// told is what the events on a pod said last.
	told map[types.UID]string
	// purchases slows the buying down for a pod that what was bought did not
	// help: the scheduler may know of something that the solver does not.
	purchases *flowcontrol.Backoff
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	if left := r.batch.left(r.Clock.Now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	reader := state.Reader{
		Main: r.Main, Omni: r.Omni, Edges: r.Direct, Catalog: r.Catalog, Refused: r.Unavailable.Refused,
		EdgeOverhead: r.EdgeOverhead, Clock: r.Clock,
	}
	s, err := reader.Read(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	r.forget(s)
	if len(s.Problem.Pods) == 0 {
		return again(len(s.Planned) > 0), nil
	}
	if r.purchases == nil {
		r.purchases = flowcontrol.NewBackOff(firstBackoff, longestBackoff)
		r.purchases.Clock = r.Clock
	}
	r.purchases.GC()
	start := r.Clock.Now()
	decision := scheduling.Solve(s.Problem)
	log.FromContext(ctx).Info("decided", "pods", len(s.Problem.Pods), "placed", len(decision.Placed), "purchases", len(decision.Purchases),
		"unschedulable", len(decision.Unschedulable), "candidates", len(s.Problem.Candidates),
		"cost", decision.Cost, "lowerBound", decision.LowerBound, "duration", r.Clock.Since(start))
	return r.carryOut(ctx, s, &decision)
}

// carryOut buys what was decided and tells the pods.
func (r *Reconciler) carryOut(ctx context.Context, s *state.State, decision *scheduling.Decision) (reconcile.Result, error) {
	postponed := false
	var left []*scheduling.Purchase
	var errs []error
	for i := range decision.Purchases {
		purchase := &decision.Purchases[i]
		switch {
		case purchase.Candidate.Main():
			left = append(left, purchase)
		case r.tooSoon(purchase.Pods):
			postponed = true
		default:
			errs = append(errs, r.buy(ctx, s, decision, purchase))
		}
	}
	r.leaveToMain(s, left)
	errs = append(errs, r.place(ctx, s, decision.Placed))
	for _, u := range decision.Unschedulable {
		r.tell(u.Pod, corev1.EventTypeWarning, "NoEdge", "no edge is bought: "+u.Reason)
	}
	if err := errors.Join(errs...); err != nil {
		return reconcile.Result{}, err
	}
	if postponed {
		return reconcile.Result{RequeueAfter: firstBackoff}, nil
	}
	return again(true), nil
}

// again looks at pods that are still pending after a while.
func again(pending bool) reconcile.Result {
	if !pending {
		return reconcile.Result{}
	}
	return reconcile.Result{RequeueAfter: retryInterval}
}

// tooSoon says that every pod of a purchase was bought for a short while ago.
func (r *Reconciler) tooSoon(pods []*corev1.Pod) bool {
	return !slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
		return !r.purchases.IsInBackOffSinceUpdate(string(pod.UID), r.Clock.Now())
	})
}
