// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package joincommand answers omni-apiserver with what joins a machine of a Custom
// location. Every replica does, not only the leader: all that is written is the
// token, in the edge cluster, whose name follows from the Edge.
package joincommand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/reply"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/edgenode"
)

// timeout bounds one answer; the edge cluster is asked a few times.
const timeout = 30 * time.Second

// Handler mints bootstrap tokens for machines that somebody joins.
type Handler struct {
	// Omni reads edges and locations.
	Omni    client.Reader
	Connect connection.Connector
	Clock   clock.PassiveClock
}

// Routes returns the handler of v1beta1.JoinCommandPath. Who may call it is for the
// server around it to say.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+v1beta1.JoinCommandPath+"{namespace}/{name}", h.post)
	return mux
}

func (h *Handler) post(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	answer, status := h.command(ctx, client.ObjectKey{Namespace: req.PathValue("namespace"), Name: req.PathValue("name")})
	if status != nil {
		reply.Error(w, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}

func (h *Handler) command(ctx context.Context, key client.ObjectKey) (*v1beta1.JoinCommandStatus, *apierrors.StatusError) {
	edge, location, status := reply.Edge(ctx, h.Omni, key)
	if status != nil {
		return nil, status
	}
	if err := joinable(edge, location); err != nil {
		return nil, apierrors.NewConflict(reply.Edges, key.Name, err)
	}
	if location.Status.EdgeClusterVersion == "" {
		return nil, reply.Unavailable("read the version of the edge cluster", fmt.Errorf("it has never answered: see the conditions of the edge location %s", location.Name))
	}
	cluster, err := h.Connect.EdgeCluster(ctx, location)
	if err != nil {
		return nil, reply.Unavailable("reach the edge cluster", err)
	}
	token, err := cluster.EnsureBootstrapToken(ctx, string(edge.UID), h.Clock.Now())
	if err != nil {
		return nil, reply.Unavailable("ask the edge cluster", err)
	}
	script, err := edgecluster.JoinScript(edgecluster.Machine{
		NodeName: edge.Status.NodeName, ProviderID: edge.Status.ProviderID, Labels: edgenode.KubeletLabels(edge, location, nil),
		Server: cluster.Server, CA: cluster.CA, BootstrapToken: token.Value, Version: location.Status.EdgeClusterVersion,
	}, location.Namespace+"/"+location.Name, token.ExpirationTime)
	if err != nil {
		return nil, reply.Unavailable("render the script", err)
	}
	return &v1beta1.JoinCommandStatus{Script: script, ExpirationTime: metav1.NewTime(token.ExpirationTime)}, nil
}

// joinable says why no machine may join as the edge.
func joinable(edge *v1beta1.Edge, location *v1beta1.EdgeLocation) error {
	switch {
	case !location.IsCustom():
		return fmt.Errorf("its location %s is in %s, where OMNI launches the machine itself", location.Name, location.Spec.Provider)
	case !edge.DeletionTimestamp.IsZero():
		return errors.New("it is being deleted")
	case edge.Status.Phase == v1beta1.EdgeRegistered || edge.Status.Phase == v1beta1.EdgeReady:
		return errors.New("its machine has joined already: make another Edge for another machine")
	case edge.Status.NodeName == "":
		return errors.New("omni-controller has not seen it yet: ask again when status.nodeName is set")
	}
	return nil
}
