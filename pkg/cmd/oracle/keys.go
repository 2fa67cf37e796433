// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cloud/oci/onboarding"
)

// SecretName of a location whose spec.credentials names none.
func SecretName(location string) string { return location + "-oci" }

// Keys of the Secret: the contract of spec.credentials.secretRef.
const (
	keyUser        = "user"
	keyFingerprint = "fingerprint"
	keyPrivateKey  = "privateKey"
)

// Keys keeps the API key of a location in a Secret of the main cluster. The label
// with the location's name says that the Secret was made here.
type Keys struct {
	Secrets        corev1client.SecretInterface
	Name, Location string
}

var _ onboarding.Keys = &Keys{}

// Load implements onboarding.Keys.
func (k *Keys) Load(ctx context.Context) (*oci.APIKey, error) {
	secret, err := k.get(ctx)
	if err != nil || secret == nil {
		return nil, err
	}
	if !k.ours(secret) {
		return nil, fmt.Errorf("the Secret %s was not made by kubectl omni for %s: delete it, or name another one in spec.credentials.secretRef of the EdgeLocation", k.Name, k.Location)
	}
	return &oci.APIKey{
		UserID: string(secret.Data[keyUser]), Fingerprint: string(secret.Data[keyFingerprint]), PrivateKey: string(secret.Data[keyPrivateKey]),
	}, nil
}

// Store implements onboarding.Keys.
func (k *Keys) Store(ctx context.Context, key *oci.APIKey) error {
	data := map[string][]byte{keyUser: []byte(key.UserID), keyFingerprint: []byte(key.Fingerprint), keyPrivateKey: []byte(key.PrivateKey)}
	secret, err := k.get(ctx)
	switch {
	case err != nil:
		return err
	case secret == nil:
		_, err = k.Secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: k.Name, Labels: map[string]string{v1beta1.LabelEdgeLocationName: k.Location}}, Data: data,
		}, metav1.CreateOptions{})
	default:
		secret.Data = data
		_, err = k.Secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("keep the API key in the Secret %s: %w", k.Name, err)
	}
	return nil
}

// Delete implements onboarding.Keys. A Secret that was not made here stays.
func (k *Keys) Delete(ctx context.Context) error {
	secret, err := k.get(ctx)
	if err != nil || secret == nil || !k.ours(secret) {
		return err
	}
	err = k.Secrets.Delete(ctx, k.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(secret.UID))})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the Secret %s: %w", k.Name, err)
	}
	return nil
}

// get returns nil when there is no Secret.
func (k *Keys) get(ctx context.Context) (*corev1.Secret, error) {
	secret, err := k.Secrets.Get(ctx, k.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the Secret %s of the API key: %w", k.Name, err)
	}
	return secret, nil
}

func (k *Keys) ours(secret *corev1.Secret) bool {
	return secret.Labels[v1beta1.LabelEdgeLocationName] == k.Location
}
