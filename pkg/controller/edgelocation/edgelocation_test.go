// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgelocation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/edgelocation"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/peering"
	"github.com/castai/omni/test/object"
)

// outside is what a location depends on; the edge cluster's part is proven by the
// story on the lab, against real clusters and real Liqo.
type outside struct {
	cloud      *fake.Provider
	clusterErr error
}

var _ connection.Connector = (*outside)(nil)

func (o *outside) Provider(context.Context, *v1beta1.EdgeLocation) (cloud.Provider, error) {
	return o.cloud, nil
}

func (o *outside) EdgeCluster(context.Context, *v1beta1.EdgeLocation) (*edgecluster.Cluster, error) {
	return nil, o.clusterErr
}

func (o *outside) Peering(context.Context, *v1beta1.EdgeLocation, *edgecluster.Cluster) (*peering.Peering, error) {
	return nil, errors.New("not reached in these tests")
}

func (o *outside) Hold(context.Context, *v1beta1.EdgeLocation) error    { return nil }
func (o *outside) Release(context.Context, *v1beta1.EdgeLocation) error { return nil }

func location(onboarded bool) *v1beta1.EdgeLocation {
	l := &v1beta1.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon", Generation: 1}}
	if onboarded {
		l.Status.Conditions = []metav1.Condition{{Type: v1beta1.ConditionOnboarded, Status: metav1.ConditionTrue}}
	}
	return l
}

func template(names ...string) *v1beta1.NodeTemplate {
	return &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec:       v1beta1.NodeTemplateSpec{EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true, Names: names}},
	}
}

// reconcileLocation lets the controller look twice. What it knows of prices is the
// snapshot.
func reconcileLocation(t *testing.T, o *outside, objects ...client.Object) *v1beta1.EdgeLocation {
	t.Helper()
	offerings, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return reconcileWith(t, o, offerings, objects...)
}

func reconcileWith(t *testing.T, o *outside, offerings *catalog.Catalog, objects ...client.Object) *v1beta1.EdgeLocation {
	t.Helper()
	omni := fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(objects...).WithStatusSubresource(&v1beta1.EdgeLocation{}).Build()
	r := &edgelocation.Reconciler{Omni: omni, Connect: o, Catalog: offerings, Recorder: events.NewFakeRecorder(10), Clock: clock.RealClock{}}
	key := client.ObjectKey{Namespace: "team-a", Name: "oregon"}
	for range 2 {
		if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); err != nil {
			t.Fatal(err)
		}
	}
	got := &v1beta1.EdgeLocation{}
	if err := omni.Get(t.Context(), key, got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestConditionsAndPhase(t *testing.T) {
	unreachable := &cloud.Error{Class: cloud.ClassTransient, Err: errors.New("connection refused")}
	denied := &cloud.Error{Class: cloud.ClassAuth, Code: "AccessDenied", Err: errors.New("not authorized")}
	noSecret := &connection.SecretError{Field: "spec.controlPlane.external.kubeconfigSecretRef", Name: "k", Problem: "does not exist"}
	byHand := location(false)
	byHand.Spec.AWS = &v1beta1.AWSLocation{VPCID: "vpc-1"}
	custom := location(false)
	custom.Spec.Provider = v1beta1.ProviderCustom
	answered := custom.DeepCopy()
	answered.Status.EdgeClusterVersion = "v1.37.1"
	for name, tc := range map[string]struct {
		location  *v1beta1.EdgeLocation
		cloudErr  error
		secretErr error
		phase     v1beta1.EdgeLocationPhase
		condition string
		status    metav1.ConditionStatus
		reason    string
	}{
		"the script has not run":      {location(false), nil, nil, v1beta1.EdgeLocationPending, v1beta1.ConditionReady, metav1.ConditionFalse, "ScriptNotRun"},
		"the network was set by hand": {byHand, nil, nil, v1beta1.EdgeLocationIncompleteSetup, v1beta1.ConditionOnboarded, metav1.ConditionTrue, "NetworkGiven"},
		// A Custom location has no cloud, so that nobody can refuse us there.
		"Custom, not answering yet":  {custom, denied, nil, v1beta1.EdgeLocationPending, v1beta1.ConditionOnboarded, metav1.ConditionTrue, "NothingToDo"},
		"Custom, not answering now":  {answered, denied, nil, v1beta1.EdgeLocationIncompleteSetup, v1beta1.ConditionReady, metav1.ConditionUnknown, "Unreachable"},
		"Custom, without a machine":  {answered, nil, nil, v1beta1.EdgeLocationIncompleteSetup, v1beta1.ConditionInUse, metav1.ConditionFalse, "NoMachine"},
		"Custom, without its Secret": {custom, nil, noSecret, v1beta1.EdgeLocationFailed, v1beta1.ConditionControlPlaneReady, metav1.ConditionFalse, "SecretUnusable"},
		// A cloud that does not answer is not a location that failed.
		"the cloud does not answer": {location(true), unreachable, nil, v1beta1.EdgeLocationIncompleteSetup, v1beta1.ConditionCredentialsValid, metav1.ConditionUnknown, "CloudUnreachable"},
		"the cloud refuses":         {location(true), denied, nil, v1beta1.EdgeLocationFailed, v1beta1.ConditionCredentialsValid, metav1.ConditionFalse, "CredentialsRejected"},
		"the Secret is missing":     {location(true), nil, noSecret, v1beta1.EdgeLocationFailed, v1beta1.ConditionControlPlaneReady, metav1.ConditionFalse, "SecretUnusable"},
	} {
		t.Run(name, func(t *testing.T) {
			o := &outside{cloud: fake.New(clock.RealClock{}), clusterErr: errors.New("timeout")}
			if tc.secretErr != nil {
				o.clusterErr = tc.secretErr
			}
			if tc.cloudErr != nil {
				o.cloud.Fail("CheckCredentials", tc.cloudErr)
			}
			got := reconcileLocation(t, o, tc.location)
			c := meta.FindStatusCondition(got.Status.Conditions, tc.condition)
			if c == nil || c.Status != tc.status || c.Reason != tc.reason || c.Message == "" {
				t.Errorf("condition = %+v", c)
			}
			if got.Status.Phase != tc.phase {
				t.Errorf("phase = %q, want %q", got.Status.Phase, tc.phase)
			}
		})
	}
}

// TestCatalogFresh: what the cloud says of its machines is told, and holds nothing
// back.
func TestCatalogFresh(t *testing.T) {
	region := catalog.Region{Provider: "GCP", Name: "us-central1", Account: "my-project"}
	types := catalog.Part[[]catalog.Type]{Time: metav1.Unix(1_800_000_000, 0)}
	for name, test := range map[string]struct {
		listing         *catalog.Listing
		status          metav1.ConditionStatus
		reason, message string
	}{
		"never asked": {nil, metav1.ConditionFalse, "NeverListed", "GCP has not been asked for machine types and prices yet: the snapshot of 2026-07-20 is used"},
		"answered": {&catalog.Listing{
			Types: types, Zones: catalog.Part[map[string][]string]{Time: types.Time},
			OnDemand: catalog.Part[map[string]float64]{Time: types.Time}, Spot: catalog.Part[map[string]map[string]float64]{Time: types.Time},
		}, metav1.ConditionTrue, "Listed", "machine types and prices are of 2027-01-15T08:00:00Z"},
		"refused": {&catalog.Listing{Types: catalog.Part[[]catalog.Type]{
			Time: types.Time, Class: cloud.ClassAuth, Error: "Required 'compute.machineTypes.list' permission",
		}}, metav1.ConditionFalse, "CredentialsRejected", "machine types: Required 'compute.machineTypes.list' permission; those of 2027-01-15T08:00:00Z are used"},
		"throttled": {&catalog.Listing{OnDemand: catalog.Part[map[string]float64]{
			Class: cloud.ClassThrottle, Error: "quota of requests",
		}}, metav1.ConditionFalse, "Throttled", "on-demand prices: quota of requests; those of the snapshot of 2026-07-20 are used"},
	} {
		offerings, err := catalog.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if test.listing != nil {
			offerings.Learn(region, test.listing)
		}
		l := location(true)
		l.Spec.Provider, l.Spec.Region, l.Spec.GCP = "GCP", region.Name, &v1beta1.GCPLocation{ProjectID: region.Account}
		got := reconcileWith(t, &outside{cloud: fake.New(clock.RealClock{}), clusterErr: errors.New("timeout")}, offerings, l)
		c := meta.FindStatusCondition(got.Status.Conditions, v1beta1.ConditionCatalogFresh)
		if c == nil || c.Status != test.status || c.Reason != test.reason || c.Message != test.message {
			t.Errorf("%s: %+v", name, c)
		}
		if ready := meta.FindStatusCondition(got.Status.Conditions, v1beta1.ConditionReady); got.Status.Phase != v1beta1.EdgeLocationIncompleteSetup || ready.Reason != "Unreachable" {
			t.Errorf("%s: phase %s, %+v", name, got.Status.Phase, ready)
		}
	}
}

func TestCounts(t *testing.T) {
	objects := []client.Object{location(false), template("oregon")}
	for i, name := range []string{"oregon", "oregon", "elsewhere"} {
		objects = append(objects, &v1beta1.Edge{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: fmt.Sprint("e", i)},
			Spec:       v1beta1.EdgeSpec{EdgeLocationName: name}, Status: v1beta1.EdgeStatus{HourlyPrice: "0.1504"},
		})
	}
	got := reconcileLocation(t, &outside{}, objects...).Status
	if got.Edges != 2 || got.HourlyPrice != "0.3008" || len(got.NodeTemplates) != 1 || got.NodeTemplates[0] != "default" {
		t.Errorf("status = %+v", got)
	}
	if got := reconcileLocation(t, &outside{}, location(false), template("elsewhere")).Status; len(got.NodeTemplates) != 0 {
		t.Errorf("counted templates that do not allow the location: %v", got.NodeTemplates)
	}
}
