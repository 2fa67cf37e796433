// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/test/emulator/aws/awstest"
)

// faults is every way in which each cloud is made to fail.
var faults = []string{
	"wrong credentials", "missing permission", "quota 0", "region not enabled", "subnet full", "image missing",
	"spot price above on-demand", "throttling", "clock skew", "API timeout after the machine was made",
}

// strike is what one fault is in one cloud, and what is to come of it.
type strike struct {
	// ask changes the location's credentials or what is bought.
	ask func(*testing.T, *emulated, *v1beta1.EdgeSpec)
	// hit makes the cloud fail, until it is mended.
	hit func(*testing.T, *emulated)
	// class is the reason of the condition, words are in its message.
	class cloud.ErrorClass
	words string
	// made: the cloud has a machine, although the launch failed.
	made bool
	// lasts: the launch does not succeed when the cloud is well again.
	lasts bool
	// never is why this cloud does not have the fault.
	never string
}

// TestCloudFaults plays every fault in every cloud, by its real SDK: each ends in a
// condition that says why, and in no machine that nobody knows of.
func TestCloudFaults(t *testing.T) {
	awsEndpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", awsEndpoint)
	results := map[string]string{}
	for _, c := range []struct {
		name    string
		start   func(*testing.T, clock.Clock) *emulated
		strikes map[string]strike
	}{
		// One moto for all: it takes seconds to start.
		{"AWS", func(t *testing.T, _ clock.Clock) *emulated { t.Helper(); return newAWS(t, awsEndpoint) }, awsStrikes},
		{"GCP", newGCP, gcpStrikes},
		{"OCI", newOCI, ociStrikes},
	} {
		for _, fault := range faults {
			t.Run(c.name+"/"+fault, func(t *testing.T) {
				s, ok := c.strikes[fault]
				if !ok {
					t.Fatal("this cloud is not tested for it")
				}
				results[c.name+"/"+fault] = s.play(t, fault, c.start)
			})
		}
	}
	t.Logf("\n%s", tableOf(results))
}

// TestMachineThatVanishes: some clouds forget a machine that has ended. One that they
// have shown, and were told to end, is gone then: there is nothing to wait for.
func TestMachineThatVanishes(t *testing.T) {
	awsEndpoint := awstest.StartEmulator(t)
	t.Setenv("AWS_ENDPOINT_URL", awsEndpoint)
	for _, e := range []*emulated{newAWS(t, awsEndpoint), newGCP(t, clock.RealClock{}), newOCI(t, clock.RealClock{})} {
		t.Run(string(e.provider), func(t *testing.T) {
			edge := bought()
			edge.Spec.InstanceType, edge.Spec.Zone = e.instanceType, e.zone
			w := newWorldAt(t, e.location(), edge)
			w.create(w.main, e.secret())
			w.signIn = e.signIn(w.main)
			w.settle(3)
			w.phase(v1beta1.EdgeLaunched)
			w.delete()
			until(w, 0)
		})
	}
}

// tableOf prints a row for each fault and cloud, in the order of faults.
func tableOf(results map[string]string) string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLOUD\tFAULT\tCONDITION Launched\tMACHINES\tMESSAGE")
	for _, fault := range faults {
		for _, name := range []string{"AWS", "GCP", "OCI"} {
			fmt.Fprintf(table, "%s\t%s\t%s\n", name, fault, results[name+"/"+fault])
		}
	}
	table.Flush()
	return out.String()
}

// play returns the rest of the row: what was seen.
func (s *strike) play(t *testing.T, name string, start func(*testing.T, clock.Clock) *emulated) string {
	t.Helper()
	e := startFor(t, name, start)
	if s.never != "" {
		spotIsNeverDearer(t, e)
		return "-\t-\tcannot happen: " + s.never
	}
	owner, err := e.signIn(fake.NewClientBuilder().WithObjects(e.secret()).Build()).Provider(t.Context(), e.location())
	if err != nil {
		t.Fatal(err)
	}
	edge := bought()
	edge.UID = types.UID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String())
	edge.Spec.InstanceType, edge.Spec.Zone = e.instanceType, e.zone
	if s.ask != nil {
		s.ask(t, e, &edge.Spec)
	}
	w := newWorldAt(t, e.location(), edge)
	w.create(w.main, e.secret())
	w.signIn = e.signIn(w.main)
	if s.hit != nil {
		s.hit(t, e)
	}
	machines := func() int {
		t.Helper()
		living, err := owner.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(living)
	}

	w.settle(3) // finalizer, intent, launch
	seen := s.check(t, w)
	e.mend(t)
	count := []string{fmt.Sprint(machines())}
	if machines() > 0 != s.made {
		t.Errorf("%d machines after the fault", machines())
	}
	if s.class == cloud.ClassCapacity || s.class == cloud.ClassQuota {
		s.checkGivenUp(t, w, edge)
	} else if !s.lasts {
		w.settle(2)
		w.phase(v1beta1.EdgeLaunched)
		count = append(count, fmt.Sprint(machines()))
		if machines() != 1 {
			t.Errorf("%d machines after another try, want 1", machines())
		}
	}
	endOf(w)
	count = append(count, fmt.Sprint(machines()))
	if machines() != 0 {
		t.Errorf("leaked %d machines", machines())
	}
	return strings.Join([]string{seen.status, strings.Join(count, " → "), seen.message}, "\t")
}

type seen struct{ status, message string }

// check reads the condition of the edge.
func (s *strike) check(t *testing.T, w *world) seen {
	t.Helper()
	c := meta.FindStatusCondition(w.edge().Status.Conditions, v1beta1.ConditionLaunched)
	if c == nil {
		t.Fatalf("no condition: %+v", w.edge().Status)
	}
	want := metav1.ConditionFalse
	if slices.Contains([]cloud.ErrorClass{cloud.ClassThrottle, cloud.ClassTransient}, s.class) {
		want = metav1.ConditionUnknown
	}
	if c.Status != want || c.Reason != string(s.class) || !strings.Contains(c.Message, s.words) {
		t.Errorf("condition %s (%s: %s), want %s, the reason %s and %q in the message", c.Status, c.Reason, c.Message, want, s.class, s.words)
	}
	return seen{string(c.Status) + " " + c.Reason, strings.TrimLeft(strings.TrimPrefix(c.Message, c.Reason), ": ")}
}

// checkGivenUp: the edge makes way for another offering.
func (s *strike) checkGivenUp(t *testing.T, w *world, edge *v1beta1.Edge) {
	t.Helper()
	offering := unavailable.Offering{
		Location: "team-a/oregon", InstanceType: edge.Spec.InstanceType, Zone: edge.Spec.Zone, CapacityType: string(edge.Spec.CapacityType),
	}
	if w.edge().DeletionTimestamp.IsZero() || !w.refused.Has(offering) {
		t.Errorf("the edge is deleted at %v, its offering refused: %v", w.edge().DeletionTimestamp, w.refused.Has(offering))
	}
}

// endOf deletes the edge and waits until its cloud has nothing of it any more.
func endOf(w *world) {
	w.t.Helper()
	if w.edge() != nil && w.edge().DeletionTimestamp.IsZero() {
		w.delete()
	}
	until(w, time.Minute)
}

// until reconciles until the edge is gone, so much time apart for the controller.
func until(w *world, apart time.Duration) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for w.edge() != nil {
		w.settle(1)
		w.clock.Step(apart)
		select {
		case <-deadline:
			w.t.Fatalf("the edge is still there: %+v", w.edge().Status)
		case <-time.After(step): // the emulated machines' time is real
		}
	}
}
