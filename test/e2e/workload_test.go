// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// jobs is the namespace of the workload. It is opened to the edges once and stays,
// as a user's does while locations come and go.
const jobs = "e2e-jobs"

func openNamespace(t *testing.T) {
	t.Helper()
	err := lab.main.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: jobs, Labels: map[string]string{v1beta1.LabelEnableScheduling: "true"},
	}})
	if client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
}

// podSpec asks for so much CPU; the main cluster's only node has 2.
func podSpec(cpu string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{
		Name: "hello", Image: "busybox:1.36", Command: []string{"sleep", "infinity"},
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse("1Gi"),
		}},
	}}}
}

// newWorkload makes pods that fit on edges only, one on each. They and their edges
// go with the test.
func newWorkload(t *testing.T, replicas int32) {
	t.Helper()
	openNamespace(t)
	labels := map[string]string{"app": "hello"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: jobs, Name: "hello"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(replicas),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec("3")},
		},
	}
	if err := lab.main.Create(t.Context(), deployment); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeWorkload(context.Background(), deployment); err != nil {
			t.Errorf("remove the workload: %v", err)
		}
	})
}

func removeWorkload(ctx context.Context, deployment *appsv1.Deployment) error {
	if err := lab.main.Delete(ctx, deployment, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		return err
	}
	err := until(ctx, func(ctx context.Context) error {
		err := lab.main.Get(ctx, client.ObjectKeyFromObject(deployment), &appsv1.Deployment{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("its pods are still there (%w)", err)
	})
	if err != nil {
		return err
	}
	if err := edges().DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		list, err := edges().List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			err = fmt.Errorf("%d edges are left: %s is %s", len(list.Items), list.Items[0].Name, list.Items[0].Status.Phase)
		}
		return err
	})
}

// running complains unless all pods of the workload are ready on edges.
func running(replicas int) func(context.Context) error {
	return func(ctx context.Context) error {
		var pods corev1.PodList
		if err := lab.main.List(ctx, &pods, client.InNamespace(jobs)); err != nil {
			return err
		}
		ready := 0
		var errs []error
		for i := range pods.Items {
			pod := &pods.Items[i]
			if pod.Status.Phase == corev1.PodRunning && strings.HasPrefix(pod.Spec.NodeName, v1beta1.NodeNamePrefix) {
				ready++
				continue
			}
			errs = append(errs, fmt.Errorf("pod %s is %s on node %q: %v", pod.Name, pod.Status.Phase, pod.Spec.NodeName, pod.Status.Conditions))
		}
		if ready != replicas || len(errs) > 0 {
			return fmt.Errorf("%d of %d pods are running; %w", ready, replicas, errors.Join(errs...))
		}
		return nil
	}
}

// readyEdges complains unless there are so many edges and all are Ready.
func readyEdges(want int) func(context.Context) error {
	return func(context.Context) error {
		list, err := lab.edges.Edges(teamA).List(everything)
		if err != nil {
			return err
		}
		for _, edge := range list {
			if !meta.IsStatusConditionTrue(edge.Status.Conditions, v1beta1.ConditionReady) {
				return fmt.Errorf("edge %s is %s: %s", edge.Name, edge.Status.Phase, summary(edge.Status.Conditions))
			}
		}
		if len(list) != want {
			return fmt.Errorf("there are %d edges, want %d", len(list), want)
		}
		return nil
	}
}
