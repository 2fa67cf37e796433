// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Hold implements Connector. Whoever deletes the namespace of a location deletes
// its Secrets first: without this its machines would run on, and nobody could
// sign in to terminate them.
func (d *Direct) Hold(ctx context.Context, location *v1beta1.EdgeLocation) error {
	wanted := referencedSecrets(location)
	for _, name := range location.Status.Secrets {
		if !slices.Contains(wanted, name) {
			if err := d.release(ctx, location, name); err != nil {
				return err
			}
		}
	}
	for _, name := range wanted {
		change := func(s *corev1.Secret) bool { return controllerutil.AddFinalizer(s, finalizer(location)) }
		if err := d.patchSecret(ctx, location, name, change); err != nil {
			return err
		}
	}
	location.Status.Secrets = wanted
	return nil
}

// Release implements Connector. A Secret may be held although the status does not
// say so yet.
func (d *Direct) Release(ctx context.Context, location *v1beta1.EdgeLocation) error {
	for _, name := range append(referencedSecrets(location), location.Status.Secrets...) {
		if err := d.release(ctx, location, name); err != nil {
			return err
		}
	}
	return nil
}

func (d *Direct) release(ctx context.Context, location *v1beta1.EdgeLocation, name string) error {
	return d.patchSecret(ctx, location, name, func(s *corev1.Secret) bool { return controllerutil.RemoveFinalizer(s, finalizer(location)) })
}

func (d *Direct) patchSecret(ctx context.Context, location *v1beta1.EdgeLocation, name string, change func(*corev1.Secret) bool) error {
	secret := &corev1.Secret{}
	err := d.Main.Get(ctx, client.ObjectKey{Namespace: location.Namespace, Name: name}, secret)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	before := secret.DeepCopy()
	if !change(secret) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := client.IgnoreNotFound(d.Main.Patch(ctx, secret, patch)); err != nil {
		return fmt.Errorf("hold the Secret %s/%s: %w", location.Namespace, name, err)
	}
	return nil
}

// finalizer is one for each location: two may use the same Secret.
func finalizer(location *v1beta1.EdgeLocation) string {
	return v1beta1.GroupName + "/edgelocation-" + location.Name
}

func referencedSecrets(location *v1beta1.EdgeLocation) (names []string) {
	if external := location.Spec.ControlPlane.External; external != nil {
		names = append(names, external.KubeconfigSecretRef.Name)
	}
	if c := location.Spec.Credentials; c != nil && c.SecretRef != nil {
		names = append(names, c.SecretRef.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
