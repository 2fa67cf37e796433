// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	typed "github.com/castai/omni/pkg/generated/clientset/versioned/typed/omni/v1beta1"
)

// The two teams of a lab, each a namespace, and names of artifacts/examples.
const (
	teamA        = "team-a"
	teamB        = "team-b"
	locationName = "aws-oregon"
	templateName = "default"
)

func locations() typed.EdgeLocationInterface {
	return lab.teamA.OmniV1beta1().EdgeLocations(teamA)
}

func edges() typed.EdgeInterface { return lab.teamA.OmniV1beta1().Edges(teamA) }

// locationObject is a valid location that is not in the lab yet.
func locationObject(name string) *v1beta1.EdgeLocation {
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: name},
		Spec: v1beta1.EdgeLocationSpec{
			Provider: v1beta1.ProviderAWS, Region: "us-west-2",
			ControlPlane: v1beta1.EdgeControlPlane{External: &v1beta1.ExternalControlPlane{
				KubeconfigSecretRef: v1beta1.LocalSecretReference{Name: name + "-kubeconfig"},
			}},
		},
	}
}

// newLocation makes a location and the Secret of its edge cluster, and waits until
// it is Pending. At the end of the test it is deleted and nothing of it is left.
func newLocation(t *testing.T, name string) {
	t.Helper()
	kubeconfig, err := os.ReadFile(lab.kubeconfig("edge"))
	if err != nil {
		t.Fatal(err)
	}
	create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: name + "-kubeconfig"},
		Data:       map[string][]byte{"kubeconfig": kubeconfig},
	})
	t.Cleanup(func() {
		if err := offboard(context.Background(), name); err != nil {
			t.Errorf("off-board %s: %v", name, err)
		}
	})
	if _, err := locations().Create(t.Context(), locationObject(name), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the location is Pending", inPhase(name, v1beta1.EdgeLocationPending))
}

// newReadyLocation registers the network that the script made for this location,
// as the script does, and waits until machines can be bought in it.
func newReadyLocation(t *testing.T, name string) {
	t.Helper()
	network := network(t)
	newLocation(t, name)
	register(t, name, network)
	eventually(t.Context(), t, "the location is Ready", isReady(name))
}

// register posts what the script posts, with the rights of team A.
func register(t *testing.T, name string, aws *v1beta1.AWSLocation) {
	t.Helper()
	request := &v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{AWS: aws}}
	if err := subresource(lab.teamA, "POST", "edgelocations", name, "onboarding").Body(request).Do(t.Context()).Error(); err != nil {
		t.Fatalf("register %s: %v", name, err)
	}
}

// subresource is a request in the namespace of team A that the generated clients
// have no method for.
func subresource(c *versioned.Clientset, verb, resource, name, sub string) *rest.Request {
	return c.OmniV1beta1().RESTClient().Verb(verb).Namespace(teamA).Resource(resource).Name(name).SubResource(sub)
}

// newTemplate allows machines with 4 vCPUs in the location, which hold one pod of
// the workload each and stay until the test ends.
func newTemplate(t *testing.T) {
	t.Helper()
	templates := lab.teamA.OmniV1beta1().NodeTemplates(teamA)
	template := &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: templateName},
		Spec: v1beta1.NodeTemplateSpec{
			EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true, Names: []string{locationName}},
			Constraints:   v1beta1.NodeConstraints{MinCPU: 4, MaxCPU: 4},
			Disruption:    v1beta1.TemplateDisruption{ConsolidateAfter: &metav1.Duration{Duration: time.Hour}},
		},
	}
	if _, err := templates.Create(t.Context(), template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := templates.Delete(context.Background(), templateName, metav1.DeleteOptions{}); client.IgnoreNotFound(err) != nil {
			t.Errorf("delete the node template: %v", err)
		}
	})
	eventually(t.Context(), t, "the location is in use", inPhase(locationName, v1beta1.EdgeLocationInUse))
}

// create makes an object of the main cluster for the time of the test.
func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := lab.main.Create(t.Context(), object); err != nil {
		t.Fatalf("create %T %s: %v", object, object.GetName(), err)
	}
	t.Cleanup(func() {
		if err := lab.main.Delete(context.Background(), object); client.IgnoreNotFound(err) != nil {
			t.Errorf("delete %T %s: %v", object, object.GetName(), err)
		}
	})
}

// offboard deletes the location and waits until nothing of it is left.
func offboard(ctx context.Context, name string) error {
	if err := locations().Delete(ctx, name, metav1.DeleteOptions{}); client.IgnoreNotFound(err) != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		if _, err := locations().Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the location is still there (%w)", err)
		}
		return errors.Join(nothingLeft(ctx), notHeld(ctx, name+"-kubeconfig"))
	})
}

// notHeld complains of a Secret that nobody could delete.
func notHeld(ctx context.Context, name string) error {
	var secret corev1.Secret
	err := lab.main.Get(ctx, client.ObjectKey{Namespace: teamA, Name: name}, &secret)
	if err == nil && len(secret.Finalizers) > 0 {
		err = fmt.Errorf("secret %s is held by %s", name, secret.Finalizers)
	}
	return client.IgnoreNotFound(err)
}

func inPhase(name string, phase v1beta1.EdgeLocationPhase) func(context.Context) error {
	return func(context.Context) error {
		location, err := lab.locations.EdgeLocations(teamA).Get(name)
		// The server itself writes the first phase: the controller is to agree.
		if err == nil && (location.Status.Phase != phase || location.Status.ObservedGeneration != location.Generation) {
			err = fmt.Errorf("it is %q with %s", location.Status.Phase, summary(location.Status.Conditions))
		}
		return err
	}
}

func isReady(name string) func(context.Context) error {
	return func(context.Context) error {
		location, err := lab.locations.EdgeLocations(teamA).Get(name)
		if err == nil && !meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionReady) {
			err = fmt.Errorf("it is not Ready: %s", summary(location.Status.Conditions))
		}
		return err
	}
}

// summary is the conditions in one line.
func summary(conditions []metav1.Condition) (line string) {
	for _, c := range conditions {
		line += fmt.Sprintf("%s=%s (%s: %s) ", c.Type, c.Status, c.Reason, c.Message)
	}
	return line
}
