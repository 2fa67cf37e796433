// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/state"
	"github.com/castai/omni/test/object"
)

// withArm is a catalog that knows an arm64 machine in every region.
type withArm struct{ *catalog.Catalog }

func (c withArm) Offerings(region catalog.Region) []catalog.Offering {
	offerings := slices.Clone(c.Catalog.Offerings(region))
	if len(offerings) == 0 {
		return nil
	}
	arm := offerings[0]
	arm.InstanceType, arm.Architecture, arm.CapacityType = "m7g.large", "arm64", "on-demand"
	return append(offerings, arm)
}

func read(t *testing.T, objects ...client.Object) *state.State {
	t.Helper()
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "jobs", Labels: map[string]string{v1beta1.LabelEnableScheduling: "true", "team": "a"},
	}}
	c := fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(append(objects, namespace)...).Build()
	reader := state.Reader{Main: c, Omni: c, Edges: c, Catalog: withArm{snapshot}, EdgeOverhead: 0.02, Clock: testingclock.NewFakeClock(time.Now())}
	s, err := reader.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pending(volumes ...corev1.Volume) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "jobs", Name: "p"},
		Spec:       corev1.PodSpec{Volumes: volumes},
		Status:     object.Unschedulable(),
	}
}

func TestClaims(t *testing.T) {
	inZone := func(zone string) *corev1.NodeSelector {
		return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}},
		}}}}
	}
	claim := func(name, class, volume string) *corev1.PersistentVolumeClaim {
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "jobs", Name: name}}
		c.Spec.VolumeName = volume
		if class != "" {
			c.Spec.StorageClassName = &class
		}
		return c
	}
	volume := func(name string, affinity *corev1.NodeSelector) *corev1.PersistentVolume {
		v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if affinity != nil {
			v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: affinity}
		}
		return v
	}
	class := func(name string, mode storagev1.VolumeBindingMode, zones ...string) *storagev1.StorageClass {
		c := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, VolumeBindingMode: &mode}
		if len(zones) > 0 {
			c.AllowedTopologies = []corev1.TopologySelectorTerm{{MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{
				{Key: corev1.LabelTopologyZone, Values: zones},
			}}}
		}
		return c
	}
	objects := []client.Object{
		claim("bound", "", "v-zone"), claim("anywhere", "", "v-net"), claim("lost", "", "v-gone"), claim("waiting", "wait", ""),
		claim("zonal", "wait-zone", ""), claim("immediate", "now", ""), claim("classless", "", ""), claim("p-scratch", "wait", ""),
		volume("v-zone", inZone("z1")), volume("v-net", nil),
		class("wait", storagev1.VolumeBindingWaitForFirstConsumer), class("wait-zone", storagev1.VolumeBindingWaitForFirstConsumer, "z2"),
		class("now", storagev1.VolumeBindingImmediate),
	}
	for name, test := range map[string]struct {
		known bool
		where *corev1.NodeSelector
	}{
		"bound": {true, inZone("z1")}, "anywhere": {true, nil}, "waiting": {true, nil}, "zonal": {true, inZone("z2")},
		"lost": {}, "immediate": {}, "classless": {}, "no-such-claim": {},
	} {
		pod := pending(corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}})
		s := read(t, append(objects, pod)...)
		where, known := s.Problem.Claims[types.NamespacedName{Namespace: "jobs", Name: name}]
		if known != test.known || !equality.Semantic.DeepEqual(where, test.where) {
			t.Errorf("%s: known %v, %v; want %v, %v", name, known, where, test.known, test.where)
		}
	}
	ephemeral := pending(corev1.Volume{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}})
	if s := read(t, append(objects, ephemeral)...); len(s.Problem.Claims) != 1 {
		t.Errorf("claims %v, want that of the ephemeral volume", s.Problem.Claims)
	}
}
