// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
)

// TestKillControllerInMidLaunch: whatever happens around the call that launches a
// machine, every edge gets one and no more, and the pods run.
func TestKillControllerInMidLaunch(t *testing.T) {
	newReadyLocation(t, locationName)
	newTemplate(t)
	for _, test := range []struct {
		name string
		// fault hits the launches; during is what happens meanwhile.
		fault  fault.Rule
		during func(t *testing.T, seen launches)
	}{
		{
			name: "killed before the cloud acts",
			// Far longer than the kill takes.
			fault:  fault.Rule{Delay: metav1.Duration{Duration: time.Minute}, Count: 2},
			during: killBeforeTheCloudActs,
		}, {
			name:   "killed before the answer is read",
			fault:  fault.Rule{Delay: metav1.Duration{Duration: 3 * time.Second}, Count: 2},
			during: killBeforeTheAnswerIsRead,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := launchesUntilNow(t)
			test.fault.Action = "RunInstances"
			faulttest.Inject(t, lab.env["AWS_ENDPOINT_URL"], test.fault)
			newWorkload(t, 2)
			test.during(t, seen)
			eventually(t.Context(), t, "the pods run", running(2))
			eventually(t.Context(), t, "the edges are Ready", readyEdges(2))
			seen.checkOneMachineForEach(t, 0)
		})
	}
}

func killBeforeTheCloudActs(t *testing.T, _ launches) {
	waitForFaults(t, lab.env["AWS_ENDPOINT_URL"])
	waitForIntents(t)
	kill(t)
}

// killBeforeTheAnswerIsRead stops the controller while the cloud works: it cannot
// write down what it has bought.
func killBeforeTheAnswerIsRead(t *testing.T, seen launches) {
	waitForFaults(t, lab.env["AWS_ENDPOINT_URL"])
	waitForIntents(t)
	lab.do(t, "stop", "omni-controller", "--signal", "STOP")
	eventually(t.Context(), t, "the cloud has launched both machines", func(ctx context.Context) error {
		all, err := machines(ctx)
		if err == nil && len(all) != len(seen.machines)+2 {
			err = fmt.Errorf("there are %d machines, %d of before", len(all), len(seen.machines))
		}
		return err
	})
	waitForIntents(t)
	kill(t)
}

func kill(t *testing.T) {
	t.Helper()
	lab.restart(t, "omni-controller") // does nothing if it runs
	lab.do(t, "stop", "omni-controller", "--signal", "KILL")
	lab.do(t, "start", "omni-controller")
}

// waitForIntents wants both edges to have said what they ask for, and none to know
// the answer.
func waitForIntents(t *testing.T) {
	t.Helper()
	eventually(t.Context(), t, "the intents are written", func(context.Context) error {
		list, err := lab.edges.Edges(teamA).List(everything)
		if err != nil {
			return err
		}
		for _, edge := range list {
			if edge.Status.InstanceID != "" {
				t.Fatalf("edge %s knows its machine already", edge.Name)
			}
			if edge.Status.Launch == nil {
				return fmt.Errorf("edge %s has none", edge.Name)
			}
		}
		if len(list) != 2 {
			return fmt.Errorf("there are %d edges, want 2", len(list))
		}
		return nil
	})
}

// launches is what there was before a test.
type launches struct {
	edges    map[types.UID]*v1beta1.Edge
	machines map[string]bool
}

func launchesUntilNow(t *testing.T) launches {
	t.Helper()
	all, err := machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := launches{edges: history.since(nil), machines: map[string]bool{}}
	for _, m := range all {
		l.machines[m.id] = true
	}
	return l
}

// checkOneMachineForEach compares every machine that was launched since with every
// Edge there was since. So many edges were refused for lack of capacity.
func (l launches) checkOneMachineForEach(t *testing.T, refused int) {
	t.Helper()
	all, err := machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := map[types.UID][]string{}
	for _, m := range all {
		if !l.machines[m.id] {
			of[types.UID(m.edge)] = append(of[types.UID(m.edge)], m.id)
		}
	}
	for uid, edge := range history.since(l.edges) {
		launched := meta.FindStatusCondition(edge.Status.Conditions, v1beta1.ConditionLaunched)
		switch {
		case launched != nil && launched.Reason == string(cloud.ClassCapacity):
			refused--
			if len(of[uid]) > 0 {
				t.Errorf("edge %s was refused (%s) and has %q", edge.Name, launched.Message, of[uid])
			}
		case len(of[uid]) != 1 || of[uid][0] != edge.Status.InstanceID:
			t.Errorf("for edge %s, on %s, the cloud launched %q", edge.Name, edge.Status.InstanceID, of[uid])
		}
		delete(of, uid)
	}
	if len(of) > 0 {
		t.Errorf("machines without an edge: %v", of)
	}
	if refused != 0 {
		t.Errorf("%d edges too few were refused for lack of capacity", refused)
	}
}

// waitForFaults waits until all calls that are to be hit have arrived.
func waitForFaults(t *testing.T, endpoint string) {
	t.Helper()
	eventually(t.Context(), t, "the fault has hit", func(context.Context) error {
		if left := faulttest.Left(t, endpoint); len(left) > 0 {
			return fmt.Errorf("%d calls are to come", left[0].Count)
		}
		return nil
	})
}
