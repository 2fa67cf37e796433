// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/test/emulator/fault"
)

// TestKillControllerInMidLaunch: whatever happens around the call that launches a
// machine, every edge gets one and no more, and the pods run.
func TestKillControllerInMidLaunch(t *testing.T) {
	newReadyLocation(t, locationName)
	newTemplate(t)
	for _, test := range []struct {
		name string
		pods int32
		// fault hits the launches; during is what happens meanwhile.
		fault  fault.Rule
		during func(t *testing.T, seen launches)
	}{
		{
			name: "killed before the cloud acts", pods: 2,
			// Far longer than the kill takes.
			fault:  fault.Rule{Delay: metav1.Duration{Duration: time.Minute}, Count: 2},
			during: killBeforeTheCloudActs,
		}, {
			name: "killed before the answer is read", pods: 2,
			fault:  fault.Rule{Delay: metav1.Duration{Duration: 3 * time.Second}, Count: 2},
			during: killBeforeTheAnswerIsRead,
		}, {
			name: "the answer is lost", pods: 2,
			// Both edges, and each asks twice before it gives the call up.
			fault:  fault.Rule{After: true, Code: "InternalError", Count: 4},
			during: func(t *testing.T, _ launches) { waitForFaults(t) },
		}, {
			name: "no capacity", pods: 1,
			fault:  fault.Rule{Code: "InsufficientInstanceCapacity", Count: 2},
			during: func(t *testing.T, _ launches) { waitForFaults(t) },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := launchesUntilNow(t)
			if test.fault.Code == "InsufficientInstanceCapacity" {
				first := firstOffering(t)
				test.fault.InstanceType, test.fault.Zone = first.InstanceType, first.Zone
			}
			inject(t, &test.fault)
			newWorkload(t, test.pods)
			test.during(t, seen)
			eventually(t.Context(), t, "the pods run", running(int(test.pods)))
			eventually(t.Context(), t, "the edges are Ready", readyEdges(int(test.pods)))
			seen.checkOneMachineForEach(t, &test.fault)
		})
	}
}

func killBeforeTheCloudActs(t *testing.T, _ launches) {
	waitForFaults(t)
	waitForIntents(t)
	kill(t)
}

// killBeforeTheAnswerIsRead stops the controller while the cloud works: it cannot
// write down what it has bought.
func killBeforeTheAnswerIsRead(t *testing.T, seen launches) {
	waitForFaults(t)
	waitForIntents(t)
	lab.do(t, "stop", "omni-controller", "--signal", "STOP")
	eventually(t.Context(), t, "the cloud has launched both machines", func(ctx context.Context) error {
		machines, err := instances(ctx)
		if err == nil && len(machines) != len(seen.machines)+2 {
			err = fmt.Errorf("there are %d machines, %d of before", len(machines), len(seen.machines))
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
	machines, err := instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := launches{edges: history.since(nil), machines: map[string]bool{}}
	for _, machine := range machines {
		l.machines[*machine.InstanceId] = true
	}
	return l
}

// checkOneMachineForEach counts every machine in every state that was launched
// since, and compares with every edge there was since.
func (l launches) checkOneMachineForEach(t *testing.T, fault *fault.Rule) {
	t.Helper()
	machines, err := instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := map[types.UID][]string{}
	for i := range machines {
		if id := *machines[i].InstanceId; !l.machines[id] {
			uid := types.UID(edgeOf(&machines[i]))
			of[uid] = append(of[uid], id)
		}
	}
	refused := 0
	for uid, edge := range history.since(l.edges) {
		if fault.InstanceType != "" && edge.Spec.InstanceType == fault.InstanceType && edge.Spec.Zone == fault.Zone {
			refused++
			if len(of[uid]) > 0 {
				t.Errorf("edge %s was refused and has %q", edge.Name, of[uid])
			}
		} else if len(of[uid]) != 1 || of[uid][0] != edge.Status.InstanceID {
			t.Errorf("for edge %s, on %s, the cloud launched %q", edge.Name, edge.Status.InstanceID, of[uid])
		}
		delete(of, uid)
	}
	if len(of) > 0 {
		t.Errorf("machines without an edge: %v", of)
	}
	if fault.InstanceType != "" && refused != 1 {
		t.Errorf("%d edges of the offering without capacity, want 1", refused)
	}
}

// firstOffering is what the template would buy first.
func firstOffering(t *testing.T) *v1beta1.Instance {
	t.Helper()
	offerings := &v1beta1.InstanceList{}
	request := subresource(lab.teamA, "GET", "nodetemplates", templateName, "instances").Param("limit", "1")
	if err := request.Do(t.Context()).Into(offerings); err != nil {
		t.Fatal(err)
	}
	return &offerings.Items[0]
}

// inject makes the cloud fail for the time of the test.
func inject(t *testing.T, fault *fault.Rule) {
	t.Helper()
	fault.Action = "RunInstances"
	body, err := json.Marshal(fault)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := faults(t.Context(), http.MethodPost, body); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := faults(context.Background(), http.MethodDelete, nil); err != nil {
			t.Error(err)
		}
	})
}

// waitForFaults waits until all calls that are to be hit have arrived.
func waitForFaults(t *testing.T) {
	t.Helper()
	eventually(t.Context(), t, "the fault has hit", func(ctx context.Context) error {
		answer, err := faults(ctx, http.MethodGet, nil)
		if err != nil {
			return err
		}
		var left struct{ Faults []fault.Rule }
		if err := json.Unmarshal(answer, &left); err != nil {
			return err
		}
		if len(left.Faults) > 0 {
			return fmt.Errorf("%d calls are to come", left.Faults[0].Count)
		}
		return nil
	})
}

func faults(ctx context.Context, method string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, lab.env["AWS_ENDPOINT_URL"]+"/_emulator/faults", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = errors.New(string(answer))
	}
	return answer, err
}
