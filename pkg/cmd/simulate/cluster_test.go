// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/test/object"
)

func cluster(t *testing.T) client.Reader {
	t.Helper()
	return fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "jobs", Labels: map[string]string{v1beta1.LabelEnableScheduling: "true"}}},
		object.Pending("jobs", "p", "1"),
		object.Location("us-west-2a"),
		&v1beta1.NodeTemplate{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "batch"},
			Spec: v1beta1.NodeTemplateSpec{
				EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true},
				MainCluster:   v1beta1.TemplateMainCluster{Enabled: true, Provider: v1beta1.ProviderAWS, Region: "eu-central-1", Zones: []string{"eu-central-1a"}},
			},
		},
	).Build()
}

// liveInstance is cheaper than anything in the snapshot.
func liveInstance(context.Context, client.ObjectKey) (*v1beta1.InstanceList, error) {
	return &v1beta1.InstanceList{Items: []v1beta1.Instance{{
		InstanceType: "m5.large", InstanceFamily: "m5", EdgeLocationName: "oregon", Region: "us-west-2", Zone: "us-west-2a", Architecture: "amd64",
		CapacityType: v1beta1.CapacityOnDemand, CPU: resource.MustParse("2"), Memory: resource.MustParse("8Gi"), HourlyPrice: "0.01",
	}}}, nil
}

func TestCluster(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	for locations, want := range map[string]struct {
		instanceType, location string
	}{
		"": {"m5.large", "oregon"}, "oregon": {"m5.large", "oregon"}, "main": {"", "main"},
	} {
		o := &options{overhead: 0.02}
		if locations != "" {
			o.locations = []string{locations}
		}
		var progress bytes.Buffer
		problem, err := o.fromClient(t.Context(), cluster(t), liveInstance, &progress, clock)
		if err != nil {
			t.Fatal(err)
		}
		r := o.decide(problem, clock)
		if len(r.Placement) != 1 || r.Placement[0].Pods[0] != "jobs/p" || r.Placement[0].Location != want.location ||
			want.instanceType != "" && r.Placement[0].Type != want.instanceType {
			t.Errorf("%q: placement %+v, want %+v", locations, r.Placement, want)
		}
		if !strings.Contains(progress.String(), "snapshot") {
			t.Errorf("progress = %q", progress.String())
		}
	}
}

func TestClusterErrors(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	o := &options{locations: []string{"mars"}}
	if _, err := o.fromClient(t.Context(), cluster(t), liveInstance, &bytes.Buffer{}, clock); err == nil || !strings.Contains(err.Error(), "main, oregon") {
		t.Errorf("err = %v, want one that names the locations", err)
	}
	down := func(context.Context, client.ObjectKey) (*v1beta1.InstanceList, error) { return nil, errors.New("down") }
	if _, err := (&options{}).fromClient(t.Context(), cluster(t), down, &bytes.Buffer{}, clock); err == nil || !strings.Contains(err.Error(), "team-a/batch") {
		t.Errorf("err = %v, want one that names the node template", err)
	}
}
