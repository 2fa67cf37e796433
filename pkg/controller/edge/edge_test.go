// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgenode"
)

// TestLife follows an edge from an intent to a Ready Node and back to nothing.
func TestLife(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2) // finalizer, intent
	w.phase(v1beta1.EdgeLaunching)
	if w.cloud.Launched() != 0 {
		t.Fatal("the cloud was asked before the intent was stored")
	}
	w.settle(1)
	w.phase(v1beta1.EdgeLaunched)

	w.create(w.remote, readyNode())
	w.settle(1)
	w.phase(v1beta1.EdgeRegistered)
	w.acceptSlice()
	w.settle(1)
	virtual := &offloadingv1beta1.VirtualNode{}
	if err := w.main.Get(t.Context(), client.ObjectKey{Namespace: "liqo-tenant-edge", Name: v1beta1.EdgeNodeName(uid)}, virtual); err != nil {
		t.Fatal(err)
	}
	if virtual.Spec.Taints[0] != edgenode.EdgeTaint() || virtual.Spec.Labels[v1beta1.LabelEdgeID] != uid ||
		virtual.Spec.OffloadingPatch.NodeSelector[v1beta1.LabelEdgeID] != uid {
		t.Errorf("virtual node = %+v", virtual.Spec)
	}

	w.create(w.main, readyNode())
	w.settle(1)
	w.phase(v1beta1.EdgeReady)
	node := &corev1.Node{}
	if err := w.main.Get(t.Context(), client.ObjectKey{Name: v1beta1.EdgeNodeName(uid)}, node); err != nil {
		t.Fatal(err)
	}
	if want := "castai-omni://aws/us-west-2/" + uid; node.Spec.ProviderID != want {
		t.Errorf("providerID = %q, want %q", node.Spec.ProviderID, want)
	}

	w.delete()
	w.settle(3) // virtual node, slice, machine
	if e := w.edge(); e != nil {
		t.Fatalf("the edge is still there: %+v", e.Status)
	}
	if living, err := w.cloud.List(t.Context()); err != nil || len(living) != 0 {
		t.Errorf("machines left: %v, %v", living, err)
	}
	for name, err := range map[string]error{
		"virtual node": w.main.Get(t.Context(), client.ObjectKeyFromObject(virtual), virtual),
		"remote node":  w.remote.Get(t.Context(), client.ObjectKeyFromObject(node), node),
	} {
		if client.IgnoreNotFound(err) != nil || err == nil {
			t.Errorf("%s is left: %v", name, err)
		}
	}
}

// One intent, one machine, whatever is lost on the way.
func TestLaunchIsExactlyOnce(t *testing.T) {
	lost := &fake.ErrAfter{Err: &cloud.Error{Class: cloud.ClassTransient, Err: errors.New("connection reset")}}
	for name, disturb := range map[string]func(*world){
		"the answer is lost":                      func(w *world) { w.cloud.Fail("Launch", lost) },
		"a crash before the machine is noted":     func(w *world) { w.crash = true },
		"both":                                    func(w *world) { w.cloud.Fail("Launch", lost); w.crash = true },
		"the lookup fails":                        func(w *world) { w.cloud.Fail("List", errors.New("503")) },
		"the lookup shows the machine only later": func(w *world) { w.cloud.Fail("Launch", lost); w.cloud.Hide("i-1") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, bought())
			w.settle(2)
			disturb(w)
			w.settle(3)
			w.cloud.Show("i-1")
			w.settle(2)
			w.phase(v1beta1.EdgeLaunched)
			if w.cloud.Launched() != 1 || w.edge().Status.InstanceID != "i-1" {
				t.Errorf("%d machines, instanceID %q", w.cloud.Launched(), w.edge().Status.InstanceID)
			}
		})
	}
}

// An edge that is deleted while a launch is under way waits for its machine.
func TestDeleteInMidLaunchLeaksNothing(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2)
	w.cloud.Fail("Launch", &fake.ErrAfter{Err: errors.New("connection reset")})
	w.cloud.Hide("i-1")
	w.settle(1)
	w.delete()
	w.settle(3)
	if w.edge() == nil {
		t.Fatal("the edge went although a machine may have been launched")
	}
	w.cloud.Show("i-1")
	w.settle(3)
	if w.edge() != nil {
		t.Fatalf("the edge is still there: %+v", w.edge().Status)
	}
	if living, _ := w.cloud.List(t.Context()); len(living) != 0 {
		t.Errorf("leaked: %v", living)
	}
}

func TestDeleteWhenNothingWasLaunched(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2)
	w.delete()
	w.settle(1)
	if w.edge() == nil {
		t.Fatal("the edge went before the cloud had time to show a machine")
	}
	w.clock.Step(3 * time.Minute)
	w.settle(1)
	if w.edge() != nil {
		t.Errorf("the edge is still there: %+v", w.edge().Status)
	}
}

// The provisioner notes its decision while the cloud refuses: the edge goes all the
// same, and does not ask again for what was refused.
func TestRefusalSurvivesAConflict(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2)
	w.cloud.Fail("Launch", &cloud.Error{Class: cloud.ClassCapacity, Err: errors.New("none left")})
	w.meanwhile = func() {
		e := w.edge()
		e.Status.HourlyPrice = "0.5"
		if err := w.omni.Status().Update(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(3)
	if w.edge() != nil || w.cloud.Launched() != 0 {
		t.Errorf("edge %v, %d machines", w.edge(), w.cloud.Launched())
	}
}

// The cache does not show yet that the edge was refused and deleted: the cloud is
// not asked again.
func TestStaleCacheLaunchesNothing(t *testing.T) {
	w := newWorld(t, bought())
	w.settle(2)
	before := w.edge()
	w.cloud.Fail("Launch", &cloud.Error{Class: cloud.ClassCapacity, Err: errors.New("none left")})
	w.settle(1)
	w.stale = before
	w.settle(1)
	if w.cloud.Launched() != 0 {
		t.Errorf("%d machines were launched for an edge that is being deleted", w.cloud.Launched())
	}
	w.settle(2)
	if w.edge() != nil {
		t.Errorf("the edge is still there: %+v", w.edge().Status)
	}
}

func TestRefusals(t *testing.T) {
	offering := unavailable.Offering{Location: "team-a/oregon", InstanceType: "m5.large", Zone: "us-west-2a", CapacityType: "on-demand"}
	for class, want := range map[cloud.ErrorClass]struct {
		gone        bool
		unavailable bool
		status      metav1.ConditionStatus
	}{
		cloud.ClassCapacity:  {gone: true, unavailable: true},
		cloud.ClassQuota:     {gone: true, unavailable: true},
		cloud.ClassAuth:      {status: metav1.ConditionFalse},
		cloud.ClassConfig:    {status: metav1.ConditionFalse},
		cloud.ClassThrottle:  {status: metav1.ConditionUnknown},
		cloud.ClassTransient: {status: metav1.ConditionUnknown},
	} {
		t.Run(string(class), func(t *testing.T) {
			w := newWorld(t, bought())
			w.settle(2)
			w.cloud.Fail("Launch", &cloud.Error{Class: class, Code: "Code", Err: errors.New("said no")})
			w.settle(1)
			if w.refused.Has(offering) != want.unavailable {
				t.Errorf("unavailable = %v, want %v", !want.unavailable, want.unavailable)
			}
			if want.gone {
				w.settle(2)
				if w.edge() != nil {
					t.Errorf("the edge is still there: %+v", w.edge().Status)
				}
				return
			}
			c := meta.FindStatusCondition(w.edge().Status.Conditions, v1beta1.ConditionLaunched)
			if c == nil || c.Status != want.status || c.Reason != string(class) || !strings.Contains(c.Message, "said no") {
				t.Errorf("condition = %+v", c)
			}
			w.settle(1)
			w.phase(v1beta1.EdgeLaunched)
		})
	}
}
