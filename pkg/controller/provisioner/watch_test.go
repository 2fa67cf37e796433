// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package provisioner

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/object"
)

func newQueue(t *testing.T) queue {
	t.Helper()
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(q.ShutDown)
	return q
}

// A pod opens the window when it becomes pending, and not each time it is touched.
func TestPodsOpenTheWindow(t *testing.T) {
	waiting := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending}}
	pending := &corev1.Pod{Status: object.Unschedulable()}
	nominated := pending.DeepCopy()
	nominated.Status.NominatedNodeName = "cast-1"
	for name, test := range map[string]struct {
		before, after client.Object
		opens         bool
	}{
		"new and waiting":    {nil, waiting, false},
		"new and pending":    {nil, pending, true},
		"becomes pending":    {waiting, pending, true},
		"is nominated":       {pending, nominated, false},
		"is pending no more": {pending, waiting, false},
	} {
		r := &Reconciler{Clock: testingclock.NewFakeClock(time.Unix(0, 0))}
		if test.before == nil {
			r.onPods().Create(t.Context(), event.CreateEvent{Object: test.after}, newQueue(t))
		} else {
			r.onPods().Update(t.Context(), event.UpdateEvent{ObjectOld: test.before, ObjectNew: test.after}, newQueue(t))
		}
		if opens := r.batch.left(r.Clock.Now()) > 0; opens != test.opens {
			t.Errorf("%s: the window is open: %v, want %v", name, opens, test.opens)
		}
	}
}

// A machine that does not come is decided on at once, whatever window is open.
func TestEdgesHurry(t *testing.T) {
	edge := func(change func(*v1beta1.Edge)) *v1beta1.Edge {
		e := &v1beta1.Edge{}
		if change != nil {
			change(e)
		}
		return e
	}
	refused := func(class cloud.ErrorClass) *v1beta1.Edge {
		return edge(func(e *v1beta1.Edge) {
			e.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionLaunched, Status: metav1.ConditionFalse, Reason: string(class)}}
		})
	}
	deleted := edge(func(e *v1beta1.Edge) { e.DeletionTimestamp = new(metav1.Now()) })
	for name, test := range map[string]struct {
		before, after *v1beta1.Edge
		hurries       bool
	}{
		"launched":        {edge(nil), edge(func(e *v1beta1.Edge) { e.Status.Phase = v1beta1.EdgeLaunched }), false},
		"not known":       {edge(nil), refused(cloud.ClassTransient), false},
		"no capacity":     {edge(nil), refused(cloud.ClassCapacity), true},
		"no capacity yet": {refused(cloud.ClassCapacity), refused(cloud.ClassCapacity), false},
		"a quota":         {edge(nil), refused(cloud.ClassQuota), true},
		"deleted":         {edge(nil), deleted, true},
		"gone":            {nil, deleted, true},
	} {
		r := &Reconciler{Clock: testingclock.NewFakeClock(time.Unix(0, 0))}
		r.batch.add(r.Clock.Now())
		q := newQueue(t)
		if test.before == nil {
			r.onEdges().Delete(t.Context(), event.TypedDeleteEvent[*v1beta1.Edge]{Object: test.after}, q)
		} else {
			r.onEdges().Update(t.Context(), event.TypedUpdateEvent[*v1beta1.Edge]{ObjectOld: test.before, ObjectNew: test.after}, q)
		}
		if hurries := q.Len() == 1 && r.batch.left(r.Clock.Now()) == 0; hurries != test.hurries {
			t.Errorf("%s: at once: %v, want %v", name, hurries, test.hurries)
		}
	}
}
