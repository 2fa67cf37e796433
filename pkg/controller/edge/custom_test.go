// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// byHand is an edge of a Custom location, in a world where no cloud can be asked.
func byHand(t *testing.T) *world {
	t.Helper()
	e := bought()
	e.Spec.NodeTemplateName, e.Spec.InstanceType, e.Spec.Zone = "", "custom", ""
	w := newWorld(t, e)
	w.unreachable = errors.New("a Custom location has no cloud")
	w.changeLocation(func(l *v1beta1.EdgeLocation) {
		l.Spec.Provider, l.Spec.Region, l.Spec.AWS = v1beta1.ProviderCustom, "berlin", nil
	})
	return w
}

func (w *world) changeLocation(change func(*v1beta1.EdgeLocation)) {
	w.t.Helper()
	l := location()
	if err := w.omni.Get(w.t.Context(), client.ObjectKeyFromObject(l), l); err != nil {
		w.t.Fatal(err)
	}
	change(l)
	if err := w.omni.Update(w.t.Context(), l); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) condition(kind string) metav1.Condition {
	w.t.Helper()
	if c := meta.FindStatusCondition(w.edge().Status.Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// TestCustomLife follows a machine that somebody joins and takes away again.
func TestCustomLife(t *testing.T) {
	w := byHand(t)
	if err := w.reconcile(3); err != nil {
		t.Fatal(err)
	}
	w.phase(v1beta1.EdgePending)
	if c := w.condition(v1beta1.ConditionLaunched); c.Reason != "WaitingForMachine" || !strings.Contains(c.Message, "kubectl omni join oregon --edge e -n team-a") {
		t.Errorf("condition = %+v", c)
	}
	if status := w.edge().Status; status.ProviderID != "castai-omni://custom/berlin/"+uid || status.Launch != nil || status.HourlyPrice != "" {
		t.Errorf("status = %+v", status)
	}
	w.create(w.remote, readyNode())
	w.settle(1)
	w.phase(v1beta1.EdgeRegistered)
	if c := w.condition(v1beta1.ConditionLaunched); c.Status != metav1.ConditionTrue || c.Reason != "Joined" {
		t.Errorf("condition = %+v", c)
	}
	w.acceptSlice()
	w.settle(1)
	w.create(w.main, readyNode())
	w.settle(2)
	w.phase(v1beta1.EdgeReady)
	// However long the machine is away, its edge stays: nobody else can bring it back.
	node := &corev1.Node{}
	key := client.ObjectKey{Name: v1beta1.EdgeNodeName(uid)}
	if err := w.remote.Get(t.Context(), key, node); err != nil {
		t.Fatal(err)
	}
	if err := w.remote.Delete(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(1000 * time.Hour)
	w.settle(2)
	if c := w.condition(v1beta1.ConditionReady); c.Status != metav1.ConditionFalse || c.Reason != "NotReady" {
		t.Errorf("condition = %+v", c)
	}
	w.create(w.remote, readyNode())
	w.settle(1)
	w.phase(v1beta1.EdgeReady)

	w.delete()
	w.settle(3)
	if e := w.edge(); e != nil {
		t.Fatalf("the edge is still there: %+v", e.Status)
	}
	if err := w.remote.Get(t.Context(), key, node); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("the node of the edge cluster is left: %v", err)
	}
	if last := w.lastEvent(); !strings.Contains(last, "MachineLeft") || !strings.Contains(last, "kubeadm reset") {
		t.Errorf("the last event is %q", last)
	}
}

// lastEvent drains the events.
func (w *world) lastEvent() (last string) {
	for recorder := w.reconciler.Recorder.(*events.FakeRecorder); len(recorder.Events) > 0; {
		last = <-recorder.Events
	}
	return last
}

// Nothing is waited for when no machine ever joined, or when the edge cluster is gone.
func TestCustomDeletion(t *testing.T) {
	t.Run("before anything happened", func(t *testing.T) {
		w := byHand(t)
		w.settle(1) // finalizer
		w.delete()
		w.settle(1)
		if w.edge() != nil {
			t.Error("the edge is still there")
		}
	})
	t.Run("while the machine is awaited", func(t *testing.T) {
		w := byHand(t)
		w.settle(2)
		w.delete()
		w.settle(2)
		if w.edge() != nil {
			t.Error("the edge is still there")
		}
	})
	t.Run("without an edge cluster", func(t *testing.T) {
		w := byHand(t)
		w.settle(2)
		w.clusterGone = errors.New("no route to host")
		w.delete()
		w.settle(2)
		if w.edge() == nil {
			t.Fatal("the edge is gone although nobody knows whether its node is")
		}
		w.clock.Step(time.Hour)
		w.settle(2)
		if w.edge() != nil {
			t.Error("the edge is still there")
		}
	})
}

// The user data of the location is in the launch; what does not fit is a condition
// that names the field, and nothing is launched.
func TestUserDataOfLocation(t *testing.T) {
	for name, tc := range map[string]struct {
		userData string
		launched int
		reason   string
	}{
		"a script":          {"#!/bin/sh\necho hello\n", 1, "Launched"},
		"neither of a kind": {"echo hello", 0, "InvalidConfiguration"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, bought())
			w.changeLocation(func(l *v1beta1.EdgeLocation) { l.Spec.NodeDefaults = &v1beta1.NodeDefaults{UserData: tc.userData} })
			w.settle(4)
			if c := w.condition(v1beta1.ConditionLaunched); w.cloud.Launched() != tc.launched || c.Reason != tc.reason ||
				tc.launched == 0 && !strings.Contains(c.Message, "spec.nodeDefaults.userData") {
				t.Errorf("%d machines, condition %+v", w.cloud.Launched(), c)
			}
		})
	}
}
