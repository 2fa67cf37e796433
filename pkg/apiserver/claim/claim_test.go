// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	testingclock "k8s.io/utils/clock/testing"
)

var leases = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}

func newClaim(main *fake.Clientset, id string, now time.Time) *Claim {
	return &Claim{Leases: main.CoordinationV1().Leases(Namespace), ID: id, Host: "host-of-" + id, Clock: testingclock.NewFakeClock(now)}
}

func lease(t *testing.T, main *fake.Clientset) *coordinationv1.Lease {
	t.Helper()
	lease, err := main.CoordinationV1().Leases(Namespace).Get(context.Background(), Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func TestAcquire(t *testing.T) {
	main, noon := fake.NewClientset(), time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)
	if err := newClaim(main, "first", noon).Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A day without renewals does not make room for another data directory.
	err := newClaim(main, "second", noon.Add(24*time.Hour)).Acquire(t.Context())
	for _, want := range []string{"held by first on host host-of-first, last renewed 2026-08-03T12:00:00Z", "--etcd-servers", "kubectl -n omni-system delete lease omni-apiserver-embedded-etcd"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the second data directory: %v, want an error with %q", err, want)
		}
	}
	// The same data directory, started again, has it at once.
	if err := newClaim(main, "first", noon.Add(time.Second)).Acquire(t.Context()); err != nil {
		t.Errorf("a restart: %v", err)
	}
	spec := lease(t, main).Spec
	if !spec.AcquireTime.Time.Equal(noon) || !spec.RenewTime.Time.Equal(noon.Add(time.Second)) {
		t.Errorf("acquired %v, renewed %v; want noon and a second later", spec.AcquireTime, spec.RenewTime)
	}
}

func TestAcquireNeedsAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"unreachable": {err: errors.New("connection refused"), want: "ask the main cluster"},
		"forbidden":   {err: apierrors.NewForbidden(leases, Name, nil), want: "artifacts/deploy/rbac/apiserver.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			main := fake.NewClientset()
			main.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, test.err })
			if err := newClaim(main, "first", time.Time{}).Acquire(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
	main := fake.NewClientset()
	main.PrependReactor("create", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewAlreadyExists(leases, Name)
	})
	if err := newClaim(main, "first", time.Time{}).Acquire(t.Context()); err == nil || !strings.Contains(err.Error(), "run one replica") {
		t.Errorf("a lost race: %v, want an error with the remedy", err)
	}
}

func TestHold(t *testing.T) {
	main, noon := fake.NewClientset(), time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)
	c := newClaim(main, "first", noon)
	if err := c.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	reads := make(chan struct{}) // of a main cluster that is down
	down := true
	main.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if down {
			reads <- struct{}{}
			return true, nil, apierrors.NewServiceUnavailable("the main cluster is down")
		}
		return false, nil, nil
	})
	ended := make(chan error)
	go func() { ended <- c.Hold(t.Context()) }()
	tick := func() {
		clock := c.Clock.(*testingclock.FakeClock)
		if err := wait.PollUntilContextCancel(t.Context(), time.Millisecond, true, func(context.Context) (bool, error) { return clock.HasWaiters(), nil }); err != nil {
			t.Fatal(err)
		}
		clock.Step(renewEvery)
	}
	for range 30 { // five minutes
		tick()
		select {
		case <-reads:
		case err := <-ended:
			t.Fatalf("an outage of the main cluster has ended the claim: %v", err)
		}
	}
	// Meanwhile somebody has given the claim away.
	other := "second"
	taken := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: Name}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &other}}
	if err := main.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), taken, Namespace); err != nil {
		t.Fatal(err)
	}
	down = false
	tick()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "held by second") {
		t.Errorf("%v, want an error that names the holder", err)
	}
	if got := *lease(t, main).Spec.HolderIdentity; got != other {
		t.Errorf("the loser has overwritten the claim: held by %s", got)
	}
}

func TestHoldEndsWithTheServer(t *testing.T) {
	main := fake.NewClientset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newClaim(main, "first", time.Time{}).Hold(ctx); err != nil {
		t.Errorf("%v, want none", err)
	}
}

func TestID(t *testing.T) {
	dir := t.TempDir()
	first, err := ID(dir)
	if err != nil || len(first) < 20 {
		t.Fatalf("%q %v, want a random identity", first, err)
	}
	if again, err := ID(dir); err != nil || again != first {
		t.Errorf("%q %v, want %q again", again, err, first)
	}
	if other, err := ID(t.TempDir()); err != nil || other == first {
		t.Errorf("%q %v, want another one for another directory", other, err)
	}
}
