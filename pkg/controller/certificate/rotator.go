// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package certificate makes and renews the serving certificate of omni-apiserver
// and tells the aggregator whom to trust, so that no request fails meanwhile.
package certificate

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// service is omni-apiserver's, and the first part of the Secrets' names.
	service = "omni-apiserver"
	// interval between two looks. Nothing here is urgent: certificates are renewed
	// weeks ahead. It bounds how long a caBundle that somebody cleared stays so.
	interval = time.Minute
)

// Rotator does it in three steps, each of which may be the last before a crash:
//
//  1. the authority is in the Secret omni-apiserver-ca, with its predecessors;
//  2. the APIServices trust all of them;
//  3. a certificate of the current one is in the Secret omni-apiserver-tls, which
//     omni-apiserver mounts and reads again when it changes.
//
// Writes are refused if somebody else has written: two rotators do no harm.
type Rotator struct {
	// Client of the main cluster. It must not cache Secrets.
	Client client.Client
	// Namespace of omni-apiserver.
	Namespace string
	// Versions of omni.cast.ai that have an APIService.
	Versions []string
	Clock    clock.PassiveClock
}

// Start rotates until the context ends; it is a manager.Runnable.
func (r *Rotator) Start(ctx context.Context) error {
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		if err := r.Rotate(ctx); err != nil {
			klog.FromContext(ctx).Error(err, "Cannot rotate the serving certificate of omni-apiserver now")
		}
	}, interval, 0.1, true)
	return nil
}

// Rotate does what is due.
func (r *Rotator) Rotate(ctx context.Context) error {
	authorities, err := r.ensureAuthority(ctx)
	if err != nil {
		return fmt.Errorf("the authority of omni-apiserver: %w", err)
	}
	for _, version := range r.Versions {
		if err := r.publish(ctx, version, authorities.bundle()); err != nil {
			return fmt.Errorf("the caBundle of %s of omni.cast.ai: %w", version, err)
		}
	}
	if err := r.ensureServing(ctx, authorities); err != nil {
		return fmt.Errorf("the serving certificate of omni-apiserver: %w", err)
	}
	return nil
}

// publish writes the bundle into the APIService of the version, if there is one.
func (r *Rotator) publish(ctx context.Context, version string, bundle []byte) error {
	apiService := &unstructured.Unstructured{}
	apiService.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"})
	err := r.Client.Get(ctx, client.ObjectKey{Name: version + ".omni.cast.ai"}, apiService)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	encoded := base64.StdEncoding.EncodeToString(bundle)
	if published, _, _ := unstructured.NestedString(apiService.Object, "spec", "caBundle"); published == encoded {
		return nil
	}
	before := apiService.DeepCopy()
	if err := unstructured.SetNestedField(apiService.Object, encoded, "spec", "caBundle"); err != nil {
		return err
	}
	return r.Client.Patch(ctx, apiService, client.MergeFrom(before))
}
