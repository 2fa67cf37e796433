// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestStory is what everybody is shown: hack/demo.sh, from a pending pod to Running
// on an edge and back to nothing.
func TestStory(t *testing.T) {
	t.Cleanup(func() { forgetStory(t) })
	cmd := lab.shell(t.Context(), "admin", "hack/demo.sh", lab.dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	madeByScript = registered(t)
}

// forgetStory takes back what the story leaves for people to look at.
func forgetStory(t *testing.T) {
	ctx := context.Background()
	err := lab.main.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "jobs"}})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
	err = lab.teamA.OmniV1beta1().NodeTemplates(teamA).Delete(ctx, templateName, metav1.DeleteOptions{})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
	if err := offboard(ctx, locationName); err != nil {
		t.Errorf("off-board %s: %v", locationName, err)
	}
	err = lab.main.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: locationName + "-kubeconfig"}})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
}
