// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

// administrator is a client of omni.cast.ai that may do anything, by the aggregator.
func administrator(t *testing.T) *versioned.Clientset {
	t.Helper()
	config, err := lab.config("admin")
	if err != nil {
		t.Fatal(err)
	}
	omni, err := versioned.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return omni
}

func namespaceObject(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// TestNamespaceDeletion: the namespace of a team goes with all that is in it.
func TestNamespaceDeletion(t *testing.T) {
	const name = "doomed"
	create(t, namespaceObject(name))
	omni := administrator(t).OmniV1beta1()
	location := locationObject(name)
	location.Namespace = name
	template := &v1beta1.NodeTemplate{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edge := &v1beta1.Edge{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1beta1.EdgeSpec{EdgeLocationName: name, InstanceType: "m7i.large"}}
	_, err := omni.EdgeLocations(name).Create(t.Context(), location, metav1.CreateOptions{})
	_, err2 := omni.NodeTemplates(name).Create(t.Context(), template, metav1.CreateOptions{})
	_, err3 := omni.Edges(name).Create(t.Context(), edge, metav1.CreateOptions{})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the controller holds the location", func(ctx context.Context) error {
		location, err := omni.EdgeLocations(name).Get(ctx, name, metav1.GetOptions{})
		if err == nil && len(location.Finalizers) == 0 {
			err = errors.New("it has no finalizer")
		}
		return err
	})
	if err := lab.main.Delete(t.Context(), namespaceObject(name)); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the namespace is gone", namespaceGone(name))
}

func namespaceGone(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		namespace := namespaceObject(name)
		err := lab.main.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)
		if err == nil {
			return fmt.Errorf("it is %s: %v", namespace.Status.Phase, namespace.Status.Conditions)
		}
		return client.IgnoreNotFound(err)
	}
}

// TestOwners: the garbage collector of the main cluster knows our objects, by
// every policy of deletion. The product itself sets no owners.
func TestOwners(t *testing.T) {
	const namespace = "owners"
	create(t, namespaceObject(namespace))
	omni := administrator(t).OmniV1beta1()
	templates, edges := omni.NodeTemplates(namespace), omni.Edges(namespace)
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan} {
		t.Run(string(policy), func(t *testing.T) {
			owner, err := templates.Create(t.Context(), &v1beta1.NodeTemplate{ObjectMeta: metav1.ObjectMeta{GenerateName: "owner-"}}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			blocks := true
			owned, err := edges.Create(t.Context(), &v1beta1.Edge{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "owned-", OwnerReferences: []metav1.OwnerReference{{
					APIVersion: v1beta1.SchemeGroupVersion.String(), Kind: "NodeTemplate", Name: owner.Name, UID: owner.UID, BlockOwnerDeletion: &blocks,
				}}},
				Spec: v1beta1.EdgeSpec{EdgeLocationName: "none", InstanceType: "m7i.large"},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := templates.Delete(t.Context(), owner.Name, metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
				t.Fatal(err)
			}
			eventually(t.Context(), t, "the owner is gone", func(ctx context.Context) error {
				_, err := templates.Get(ctx, owner.Name, metav1.GetOptions{})
				return gone(err)
			})
			if policy != metav1.DeletePropagationOrphan {
				eventually(t.Context(), t, "the owned is gone", func(ctx context.Context) error {
					_, err := edges.Get(ctx, owned.Name, metav1.GetOptions{})
					return gone(err)
				})
				return
			}
			orphan, err := edges.Get(t.Context(), owned.Name, metav1.GetOptions{})
			if err != nil || len(orphan.OwnerReferences) != 0 || orphan.DeletionTimestamp != nil {
				t.Errorf("the orphan: %v, owners %v, deleted %v", err, orphan.OwnerReferences, orphan.DeletionTimestamp)
			}
		})
	}
}

// gone complains unless the object was not found.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("it is still there (%w)", err)
}
