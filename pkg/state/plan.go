// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// planBound is how long after it is Ready an edge keeps its room for the pods it
// was bought for. The scheduler tries a pod again after ten seconds at most; what
// it has not placed by then it knows something about that the solver does not.
const planBound = time.Minute

// togetherBound is how far apart in time edges of one decision are made at most: the
// server notes when, in whole seconds, and hundreds take a while.
const togetherBound = 30 * time.Second

// PlanKey is what status.decision.pods of an edge calls a pod: its namespace and name.
func PlanKey(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// Plan says which edges keep room for which pods.
type Plan struct {
	// Edges are those that keep room, by UID.
	Edges sets.Set[types.UID]
	// Pods are the UIDs of the edges by PlanKey; of several edges it is the one that
	// was made last. A pod that takes another's name, as those of a StatefulSet do,
	// takes its place too; the room of one that is gone and comes no more is free at
	// once.
	Pods map[string]types.UID
}

// NewPlan reads the plan of all edges. One keeps its room until it and those that were
// bought with it have been Ready for a while: a pod that is spread over their zones, or
// has to be near another, may have to wait for the last of them.
func NewPlan(edges []v1beta1.Edge, now time.Time) Plan {
	var bought, recent []*v1beta1.Edge
	for i := range edges {
		e := &edges[i]
		if e.Status.Decision == nil || !coming(e) {
			continue
		}
		bought = append(bought, e)
		if isRecent(e, now) {
			recent = append(recent, e)
		}
	}
	slices.SortFunc(bought, func(a, b *v1beta1.Edge) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	plan := Plan{Edges: sets.New[types.UID](), Pods: map[string]types.UID{}}
	for _, e := range bought {
		together := func(other *v1beta1.Edge) bool {
			return other.CreationTimestamp.Sub(e.CreationTimestamp.Time).Abs() < togetherBound
		}
		if !slices.ContainsFunc(recent, together) {
			continue
		}
		plan.Edges.Insert(e.UID)
		for _, pod := range e.Status.Decision.Pods {
			plan.Pods[pod] = e.UID
		}
	}
	return plan
}

// isRecent says that an edge is not Ready yet, or has been for a moment only. One that
// breaks later is not waited for again: its phase stays Ready.
func isRecent(e *v1beta1.Edge, now time.Time) bool {
	ready := meta.FindStatusCondition(e.Status.Conditions, v1beta1.ConditionReady)
	return e.Status.Phase != v1beta1.EdgeReady || ready == nil || now.Sub(ready.LastTransitionTime.Time) < planBound
}

// coming says that an edge has a machine, or will have one, and keeps it.
func coming(e *v1beta1.Edge) bool { return e.DeletionTimestamp.IsZero() && !Refused(e) }
