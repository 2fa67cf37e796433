// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgenode"
)

// StartupPath is where the webhook of Nodes is served.
const StartupPath = "/mutate-node"

// Startup is the mutating webhook of Nodes: the Node of an edge is created with the
// startup taint. Liqo's virtual kubelet must not know of that taint, because it
// changes its own by their index, and Nodes that come up are Ready at once: only
// admission can close them before the scheduler sees them.
type Startup struct {
	Decoder admission.Decoder
}

var _ admission.Handler = (*Startup)(nil)

// Handle implements admission.Handler.
func (s *Startup) Handle(_ context.Context, request admission.Request) admission.Response {
	node := &corev1.Node{}
	if err := s.Decoder.Decode(request, node); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	startup := edgenode.StartupTaint(node.Labels[v1beta1.LabelEdgeID])
	if node.Labels[v1beta1.LabelEdgeNode] != "true" ||
		slices.ContainsFunc(node.Spec.Taints, func(have corev1.Taint) bool { return have.MatchTaint(&startup) }) {
		return admission.Allowed("the node is no edge, or has the startup taint already")
	}
	node.Spec.Taints = append(node.Spec.Taints, startup)
	mutated, err := json.Marshal(node)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, mutated)
}
