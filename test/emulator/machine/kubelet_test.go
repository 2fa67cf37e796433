// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	testingclock "k8s.io/utils/clock/testing"
)

func newKubelet(t *testing.T, clk *testingclock.FakeClock, existing ...*corev1.Node) *kubelet {
	t.Helper()
	client := fake.NewClientset()
	for _, node := range existing {
		if err := client.Tracker().Add(node); err != nil {
			t.Fatal(err)
		}
	}
	return &kubelet{
		instance: Instance{ID: "i-1", InstanceType: "m7i.large", Architecture: "amd64", PrivateIP: "10.77.16.4", VCPUs: 2, MemoryMiB: 8192, DiskGiB: 30},
		join:     &join{nodeName: "cast-1", providerID: "castai-omni://1", labels: map[string]string{"omni.cast.ai/edge-id": "1"}},
		clock:    clk, client: client, version: "v1.37.1", options: Kubelet{Port: 10250},
	}
}

func TestKubelet(t *testing.T) {
	clk := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	k := newKubelet(t, clk)
	if err := k.register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		clk.Step(heartbeat)
		if err := k.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	node, err := k.client.CoreV1().Nodes().Get(t.Context(), "cast-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if node.Spec.ProviderID != "castai-omni://1" || node.Labels["omni.cast.ai/edge-id"] != "1" || node.Labels[corev1.LabelInstanceTypeStable] != "m7i.large" ||
		node.Annotations["kwok.x-k8s.io/node"] != "fake" || node.Status.NodeInfo.KubeletVersion != "v1.37.1" {
		t.Errorf("got %+v", node)
	}
	ready := node.Status.Conditions[len(node.Status.Conditions)-1]
	if ready.Type != corev1.NodeReady || ready.Status != corev1.ConditionTrue || !ready.LastHeartbeatTime.Equal(&metav1.Time{Time: clk.Now()}) {
		t.Errorf("got %+v", ready)
	}
	lease, err := k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(t.Context(), "cast-1", metav1.GetOptions{})
	if err != nil || !lease.Spec.RenewTime.Time.Equal(clk.Now()) || *lease.Spec.HolderIdentity != "cast-1" {
		t.Errorf("lease %+v, %v", lease, err)
	}
}

func TestRegisterAgain(t *testing.T) {
	clk := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	node := func(providerID string) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "cast-1", UID: "old"}, Spec: corev1.NodeSpec{ProviderID: providerID}}
	}
	k := newKubelet(t, clk, node("castai-omni://1"))
	if err := k.register(t.Context()); err != nil || k.uid != "old" {
		t.Errorf("after a restart: %v, UID %s", err, k.uid)
	}
	k = newKubelet(t, clk, node("castai-omni://2"))
	if err := k.register(t.Context()); err == nil || !strings.Contains(err.Error(), `"castai-omni://2"`) {
		t.Errorf("a Node of another machine was taken over: %v", err)
	}
}
