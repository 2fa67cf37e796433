// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package orphan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/orphan"
	"github.com/castai/omni/test/object"
)

// only has a cloud; nothing else of a location is needed here.
type only struct {
	connection.Connector
	cloud *fake.Provider
}

func (o only) Provider(context.Context, *v1beta1.EdgeLocation) (cloud.Provider, error) {
	return o.cloud, nil
}

func TestSweep(t *testing.T) {
	for name, tc := range map[string]struct {
		known, unknown int
		age            time.Duration
		disturb        func(*fake.Provider)
		left           int
		says           string
	}{
		"nothing is wrong":          {known: 3, age: time.Hour, left: 3},
		"one orphan among many":     {known: 9, unknown: 1, age: time.Hour, left: 9, says: "OrphanTerminated"},
		"one orphan alone":          {unknown: 1, age: time.Hour, says: "OrphanTerminated"},
		"a young one is spared":     {known: 9, unknown: 1, age: time.Minute, left: 10},
		"all edges were lost":       {unknown: 5, age: time.Hour, left: 5, says: "TooManyOrphans"},
		"too many of many":          {known: 100, unknown: 11, age: time.Hour, left: 111, says: "TooManyOrphans"},
		"the cloud does not answer": {known: 9, unknown: 1, age: time.Hour, left: 10, disturb: func(p *fake.Provider) { p.Fail("List", errors.New("503")) }},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testingclock.NewFakeClock(time.Now())
			provider := fake.New(clock)
			omni := newClient(t, tc.known)
			for n := range tc.known + tc.unknown {
				request := cloud.LaunchRequest{ClientToken: fmt.Sprint(n), EdgeUID: fmt.Sprint("uid-", n), Image: fake.Image}
				if _, err := provider.Launch(t.Context(), request); err != nil {
					t.Fatal(err)
				}
			}
			clock.Step(tc.age)
			if tc.disturb != nil {
				tc.disturb(provider)
			}
			recorder := events.NewFakeRecorder(100)
			r := &orphan.Reconciler{Omni: omni, Direct: omni, Connect: only{cloud: provider}, Recorder: recorder, Clock: clock}
			key := client.ObjectKey{Namespace: "team-a", Name: "oregon"}
			if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); (err != nil) != (tc.disturb != nil) {
				t.Fatal(err)
			}
			if living, err := provider.List(t.Context()); err != nil || len(living) != tc.left {
				t.Errorf("%d machines are left, want %d (%v)", len(living), tc.left, err)
			}
			said := ""
			if len(recorder.Events) > 0 {
				said = <-recorder.Events
			}
			if !strings.Contains(said, tc.says) || tc.says == "" && said != "" {
				t.Errorf("event %q, want %q", said, tc.says)
			}
		})
	}
}

// newClient knows a Ready location and the first edges.
func newClient(t *testing.T, edges int) client.Client {
	t.Helper()
	objects := []client.Object{&v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon"},
		Status:     v1beta1.EdgeLocationStatus{Conditions: []metav1.Condition{{Type: v1beta1.ConditionReady, Status: metav1.ConditionTrue}}},
	}}
	for n := range edges {
		objects = append(objects, &v1beta1.Edge{ObjectMeta: metav1.ObjectMeta{
			Namespace: "team-a", Name: fmt.Sprint("e", n), UID: types.UID(fmt.Sprint("uid-", n)),
		}})
	}
	return fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(objects...).Build()
}
