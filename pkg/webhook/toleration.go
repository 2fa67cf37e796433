// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package webhook lets the pods of enabled namespaces run on edges: it adds one
// toleration to them, and nothing else.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/namespace"
	"github.com/castai/omni/pkg/edgenode"
)

// Path is where the webhook is served.
const Path = "/mutate-pod"

// Toleration is the mutating webhook of pods.
type Toleration struct {
	// Main reads the main cluster.
	Main    client.Reader
	Decoder admission.Decoder
}

var _ admission.Handler = (*Toleration)(nil)

// Handle implements admission.Handler.
func (t *Toleration) Handle(ctx context.Context, request admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := t.Decoder.Decode(request, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	var ns corev1.Namespace
	if err := t.Main.Get(ctx, client.ObjectKey{Name: request.Namespace}, &ns); err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("read the namespace: %w", err))
	}
	if !v1beta1.SchedulingEnabled(&ns) {
		return admission.Allowed("the namespace is not enabled for edges")
	}
	err := t.Main.Get(ctx, client.ObjectKeyFromObject(namespace.Offloading(request.Namespace)), namespace.Offloading(request.Namespace))
	if apierrors.IsNotFound(err) {
		// A pod made now would lack Liqo's toleration for ever; controllers
		// make it again in a moment.
		return admission.Errored(http.StatusServiceUnavailable, fmt.Errorf(
			"namespace %s is being opened to the edges: try again in a few seconds", request.Namespace))
	}
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("read the NamespaceOffloading: %w", err))
	}
	toleration := edgenode.EdgeToleration()
	if slices.ContainsFunc(pod.Spec.Tolerations, func(have corev1.Toleration) bool { return have.MatchToleration(&toleration) }) {
		return admission.Allowed("the pod tolerates the edge taint already")
	}
	if claims(pod) {
		return admission.Allowed("persistent volumes do not exist on edges").
			WithWarnings("the pod uses a PersistentVolumeClaim: it stays in the main cluster")
	}
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, toleration)
	mutated, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, mutated)
}

// claims says whether a pod uses volumes that exist in one cluster only.
func claims(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil || v.Ephemeral != nil
	})
}
