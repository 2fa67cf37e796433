// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
)

// What a cloud does not show yet is not gone: none of these leaks a machine.
func TestUnknownIsNotGone(t *testing.T) {
	lost := &fake.ErrAfter{Err: &cloud.Error{Class: cloud.ClassTransient, Err: errors.New("timeout")}}
	for name, play := range map[string]func(*world){
		"deleted before the machine is shown": func(w *world) {
			w.settle(3)
			w.cloud.Hide("i-1")
			w.delete()
		},
		"launched long after the intent": func(w *world) {
			w.settle(2)
			for range 3 {
				w.cloud.Fail("Launch", &cloud.Error{Class: cloud.ClassThrottle, Err: errors.New("later")})
				w.settle(1)
				w.clock.Step(time.Minute)
			}
			w.settle(1)
			w.cloud.Hide("i-1")
		},
		"a late answer is lost, then deleted": func(w *world) {
			w.clock.SetTime(time.Now().Add(-3 * time.Minute)) // the deletion is at real time
			w.settle(2)
			w.clock.Step(3 * time.Minute)
			w.cloud.Fail("Launch", lost)
			w.cloud.Hide("i-1")
			w.settle(1)
			w.delete()
		},
		"an answer is lost, then the configuration is wrong": func(w *world) {
			w.settle(2)
			w.cloud.Fail("Launch", lost)
			w.cloud.Hide("i-1")
			w.settle(1)
			w.cloud.Fail("Launch", &cloud.Error{Class: cloud.ClassConfig, Err: errors.New("no subnet")})
			w.settle(1)
			w.delete()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, bought())
			play(w)
			w.settle(5)
			w.cloud.Show("i-1")
			if living, err := w.cloud.List(t.Context()); err != nil || len(living) != 1 {
				t.Fatalf("machines: %v, %v", living, err)
			}
			if w.edge() == nil {
				t.Fatal("the edge went and left its machine")
			}
		})
	}
}

func TestStoppedMachineIsTerminated(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(3)
	w.cloud.SetState("i-1", cloud.StateStopped)
	w.settle(4)
	if living, _ := w.cloud.List(t.Context()); w.edge() != nil || len(living) != 0 {
		t.Errorf("edge %v, machines %v", w.edge(), living)
	}
}

// An edge whose cloud and cluster were never reached can be deleted all the same.
func TestDeleteOfWhatNeverBegan(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(1) // the finalizer
	w.unreachable = errors.New("spec.aws is not set")
	w.delete()
	w.settle(1)
	if w.edge() != nil {
		t.Errorf("the edge is still there: %+v", w.edge().Status)
	}
}

// The edge cluster is gone for ever: the machine and the Node go nevertheless.
func TestDeleteWithoutEdgeCluster(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(3)
	w.create(w.remote, readyNode())
	w.settle(1)
	w.acceptSlice()
	w.create(w.main, readyNode())
	w.settle(2)
	w.phase(v1beta1.EdgeReady)
	w.clusterGone = errors.New("no such host")
	w.delete()
	w.settle(4)
	if living, _ := w.cloud.List(t.Context()); len(living) != 0 {
		t.Errorf("machines left: %v", living)
	}
	w.clock.Step(10 * time.Minute)
	w.settle(1)
	if w.edge() != nil {
		t.Errorf("the edge is still there: %+v", w.edge().Status)
	}
}

// A machine that never becomes a Node is not paid for for ever.
func TestRegistrationTimeout(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(3)
	w.clock.Step(16 * time.Minute)
	w.settle(4)
	if living, _ := w.cloud.List(t.Context()); w.edge() != nil || len(living) != 0 {
		t.Errorf("edge %v, machines %v", w.edge(), living)
	}
}

// The client token is spent by another request, and no machine lives: the next
// attempt has a new token, and a failure on the way keeps the intent whole.
func TestSpentClientToken(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2)
	first := *w.edge().Status.Launch
	w.clock.Step(3 * time.Minute)
	spent := &cloud.Error{Class: cloud.ClassIdempotency, Err: errors.New("token reused")}
	w.cloud.Fail("Launch", spent)
	w.cloud.Fail("DefaultImage", errors.New("timeout"))
	w.settle(1)
	if got := *w.edge().Status.Launch; got.ClientToken != first.ClientToken || got.ImageID == "" || got.StartTime == nil {
		t.Fatalf("half an intent: %+v", got)
	}
	w.cloud.Fail("Launch", spent)
	w.settle(2)
	if got := *w.edge().Status.Launch; got.Attempt != 2 || got.ClientToken == first.ClientToken {
		t.Errorf("launch = %+v", got)
	}
	w.phase(v1beta1.EdgeLaunched)
}

// The cloud took the machine back: the edge goes, and its pods are not waited for.
func TestVanishedMachine(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(3)
	w.create(w.main, readyNode(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "p", UID: "p"}, Spec: corev1.PodSpec{NodeName: v1beta1.EdgeNodeName(uid)},
	})
	w.cloud.SetState("i-1", cloud.StateTerminated)
	w.settle(4)
	if w.edge() != nil {
		t.Errorf("the edge is still there: %+v", w.edge().Status)
	}
	var pods corev1.PodList
	if err := w.main.List(t.Context(), &pods); err != nil || len(pods.Items) != 0 {
		t.Errorf("pods left: %v, %v", pods.Items, err)
	}
}

// Unknown is never gone: no answer of the cloud changes nothing.
func TestSilentCloudChangesNothing(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(3)
	w.cloud.Fail("Get", errors.New("timeout"))
	if err := w.reconcile(1); err == nil {
		t.Error("no error, so no retry")
	}
	if e := w.edge(); e == nil || !e.DeletionTimestamp.IsZero() || e.Status.InstanceID != "i-1" {
		t.Errorf("edge = %+v", e)
	}
}
