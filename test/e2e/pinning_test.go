// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// landedShare is the part of the pods that has to be on the machine that was bought
// for it. Left alone the scheduler puts some 10 % there.
const landedShare = 0.99

// TestPinning: pods of several sizes, some of them spread, for several machines that are
// full then, go to those that they were planned for.
func TestPinning(t *testing.T) {
	newReadyLocation(t, locationName)
	newTemplate(t) // machines of 4 CPUs
	openNamespace(t)
	newSmallPods(t, 30, "250m", "200m", "150m", "300m")
	eventually(t.Context(), t, "all pods run on edges", running(4*30))

	plan := map[string]string{} // the Node by the pod
	list, err := edges().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) < 2 {
		t.Fatalf("there are %d edges: nothing to choose from", len(list.Items))
	}
	for i := range list.Items {
		edge := &list.Items[i]
		if edge.Status.Decision == nil {
			t.Fatalf("edge %s has no plan", edge.Name)
		}
		for _, pod := range edge.Status.Decision.Pods {
			plan[pod] = v1beta1.EdgeNodeName(string(edge.UID))
		}
	}
	var all corev1.PodList
	if err := lab.main.List(t.Context(), &all, client.InNamespace(jobs)); err != nil {
		t.Fatal(err)
	}
	landed := 0
	for i := range all.Items {
		pod := &all.Items[i]
		if pod.Spec.NodeName == plan[pod.Namespace+"/"+pod.Name] {
			landed++
			continue
		}
		t.Logf("pod %s is on %s, its plan was %q", pod.Name, pod.Spec.NodeName, plan[pod.Namespace+"/"+pod.Name])
	}
	t.Logf("%d of %d pods landed on the planned one of %d nodes", landed, len(all.Items), len(list.Items))
	if float64(landed) < landedShare*float64(len(all.Items)) {
		t.Errorf("%d of %d pods landed as planned, want %v", landed, len(all.Items), landedShare)
	}
	nodesAreOpen(t)
}

// nodesAreOpen: no Node of an edge keeps the startup taint.
func nodesAreOpen(t *testing.T) {
	t.Helper()
	eventually(t.Context(), t, "the nodes are open", func(ctx context.Context) error {
		var nodes corev1.NodeList
		if err := lab.main.List(ctx, &nodes, client.MatchingLabels{v1beta1.LabelEdgeNode: "true"}); err != nil {
			return err
		}
		for i := range nodes.Items {
			for _, taint := range nodes.Items[i].Spec.Taints {
				if taint.Key == v1beta1.TaintStartup {
					return fmt.Errorf("node %s has the taint %s", nodes.Items[i].Name, taint.ToString())
				}
			}
		}
		return nil
	})
}

// newSmallPods makes so many pods of each size, for edges only and so small that
// many share a machine; those of the last size are spread over the zones. They and their edges go with the test.
func newSmallPods(t *testing.T, replicas int32, sizes ...string) {
	t.Helper()
	var made []*appsv1.Deployment
	t.Cleanup(func() {
		for i, deployment := range made {
			remove := func(ctx context.Context, d *appsv1.Deployment) error { return lab.main.Delete(ctx, d) }
			if i == len(made)-1 {
				remove = removeWorkload // now no pod is left that would get edges again
			}
			if err := remove(context.Background(), deployment); err != nil {
				t.Errorf("remove the workload: %v", err)
			}
		}
	})
	for i, cpu := range sizes {
		labels := map[string]string{"app": "small-" + cpu}
		spec := podSpec(cpu)
		if i == len(sizes)-1 {
			spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule,
				LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
			}}
		}
		spec.NodeSelector = map[string]string{v1beta1.LabelEdgeNode: "true"}
		spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("64Mi")
		deployment := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: jobs, Name: "small-" + cpu},
			Spec: appsv1.DeploymentSpec{
				Replicas: new(replicas),
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
			},
		}
		if err := lab.main.Create(t.Context(), deployment); err != nil {
			t.Fatal(err)
		}
		made = append(made, deployment)
	}
}
