// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/state"
)

func TestPlan(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	// bought returns an edge that was made so long ago, for pods.
	bought := func(uid types.UID, ago time.Duration, pods ...string) v1beta1.Edge {
		return v1beta1.Edge{
			ObjectMeta: metav1.ObjectMeta{Name: string(uid), UID: uid, CreationTimestamp: metav1.NewTime(now.Add(-ago))},
			Status:     v1beta1.EdgeStatus{Phase: v1beta1.EdgeLaunched, Decision: &v1beta1.EdgeDecision{Pods: pods}},
		}
	}
	// is adds a condition that has been so for so long.
	is := func(e v1beta1.Edge, condition string, status metav1.ConditionStatus, reason string, long time.Duration) v1beta1.Edge {
		if condition == v1beta1.ConditionReady {
			e.Status.Phase = v1beta1.EdgeReady
		}
		e.Status.Conditions = []metav1.Condition{{Type: condition, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(now.Add(-long))}}
		return e
	}
	ready := func(e v1beta1.Edge, long time.Duration) v1beta1.Edge {
		return is(e, v1beta1.ConditionReady, metav1.ConditionTrue, "NodeReady", long)
	}
	deleted := bought("1", time.Minute, "jobs/p")
	deleted.DeletionTimestamp = &metav1.Time{Time: now}
	const hour = time.Hour
	for name, test := range map[string]struct {
		edges []v1beta1.Edge
		want  types.UID // of the edge that keeps room for jobs/p
	}{
		"no edge":                    {nil, ""},
		"the machine is on its way":  {[]v1beta1.Edge{bought("1", time.Minute, "jobs/p")}, "1"},
		"it came a moment ago":       {[]v1beta1.Edge{ready(bought("1", hour, "jobs/p"), 59*time.Second)}, "1"},
		"it has waited long enough":  {[]v1beta1.Edge{ready(bought("1", hour, "jobs/p"), time.Minute)}, ""},
		"it broke long ago":          {[]v1beta1.Edge{is(bought("1", hour, "jobs/p"), v1beta1.ConditionReady, metav1.ConditionFalse, "NotReady", time.Minute)}, ""},
		"it is deleted":              {[]v1beta1.Edge{deleted}, ""},
		"the cloud has none":         {[]v1beta1.Edge{is(bought("1", hour, "jobs/p"), v1beta1.ConditionLaunched, metav1.ConditionFalse, string(cloud.ClassCapacity), 0)}, ""},
		"another was made since":     {[]v1beta1.Edge{bought("2", time.Minute, "jobs/p"), bought("1", hour, "jobs/p")}, "2"},
		"the later one was given up": {[]v1beta1.Edge{ready(bought("2", 10*time.Minute, "jobs/p"), hour), bought("1", hour, "jobs/p")}, "1"},
		"one bought with it comes":   {[]v1beta1.Edge{ready(bought("1", hour, "jobs/p"), time.Minute), bought("2", hour-29*time.Second, "jobs/q")}, "1"},
		"one bought later comes":     {[]v1beta1.Edge{ready(bought("1", hour, "jobs/p"), time.Minute), bought("2", hour-30*time.Second, "jobs/q")}, ""},
	} {
		plan := state.NewPlan(test.edges, now)
		if plan.Pods["jobs/p"] != test.want || test.want != "" && !plan.Edges.Has(test.want) {
			t.Errorf("%s: %+v, want edge %q", name, plan, test.want)
		}
	}
}
