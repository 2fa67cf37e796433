// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

func TestReferences(t *testing.T) {
	s := newServer(t)
	var got warnings
	config := s.as("editor")
	config.WarningHandler = restclient.WarningHandler(&got)
	client := versioned.NewForConfigOrDie(config).OmniV1beta1()
	ctx := context.Background()

	t.Run("a name without a location is a warning", func(t *testing.T) {
		for what, write := range map[string]func() error{
			"spec.edgeLocations.names:": func() error {
				if _, err := client.EdgeLocations(namespace).Create(ctx, newLocation("here"), metav1.CreateOptions{}); err != nil {
					return err
				}
				_, err := client.NodeTemplates(namespace).Create(ctx, newTemplate("named", "here", "nowhere"), metav1.CreateOptions{})
				return err
			},
			"spec.edgeLocationName:": func() error {
				_, err := client.Edges(namespace).Create(ctx, newEdge("by-hand", "nowhere"), metav1.CreateOptions{})
				return err
			},
		} {
			got.messages = nil
			if err := write(); err != nil {
				t.Fatal(err)
			}
			if len(got.messages) != 1 || !strings.Contains(got.messages[0], what) || !strings.Contains(got.messages[0], " nowhere ") {
				t.Errorf("warnings %q, want one about %s", got.messages, what)
			}
		}
	})
	t.Run("an edge is named as its location's cloud names things", func(t *testing.T) {
		edge := newEdge("wrong", "here")
		edge.Spec.InstanceType, edge.Spec.Zone, edge.Spec.ImageID = "m7i", "eu-central-1a", "ubuntu"
		_, err := client.Edges(namespace).Create(ctx, edge, metav1.CreateOptions{})
		for _, field := range []string{"spec.instanceType", "spec.zone", "spec.imageID"} {
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), field+":") {
				t.Errorf("%v, want an error about %s", err, field)
			}
		}
		older := &v1alpha1.Edge{ObjectMeta: edge.ObjectMeta, Spec: v1alpha1.EdgeSpec{EdgeLocationName: "here", InstanceType: "m7i.large", Image: "ubuntu"}}
		_, err = versioned.NewForConfigOrDie(config).OmniV1alpha1().Edges(namespace).Create(ctx, older, metav1.CreateOptions{})
		if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.image:") {
			t.Errorf("%v, want an error about spec.image", err)
		}
	})
	t.Run("a location that templates name stays", func(t *testing.T) {
		for _, dryRun := range [][]string{{metav1.DryRunAll}, nil} {
			err := client.EdgeLocations(namespace).Delete(ctx, "here", metav1.DeleteOptions{DryRun: dryRun})
			if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "NodeTemplate named") {
				t.Fatalf("deleting it: %v, want a refusal that names the template", err)
			}
		}
		err := client.EdgeLocations(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("deleting all: %v, want a refusal", err)
		}
		if _, err := client.EdgeLocations(namespace).Get(ctx, "here", metav1.GetOptions{}); err != nil {
			t.Errorf("the location is gone: %v", err)
		}
	})
	t.Run("a location that no template names goes", func(t *testing.T) {
		template, err := client.NodeTemplates(namespace).Get(ctx, "named", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		template.Spec.EdgeLocations.Names = nil // all of them
		if _, err := client.NodeTemplates(namespace).Update(ctx, template, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := client.EdgeLocations(namespace).Delete(ctx, "here", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}
