// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package console answers omni-apiserver with the consoles of machines. Every
// replica does, not only the leader: nothing is changed by it.
package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/reply"
)

// cloudTimeout bounds one question to the cloud, all tries together.
const cloudTimeout = 30 * time.Second

// Handler finds the machine of an edge and asks its cloud.
type Handler struct {
	// Omni reads edges and locations.
	Omni    client.Reader
	Connect connection.Connector
}

// Routes returns the handler of v1beta1.ConsoleOutputPath. Who may call it is for
// the server around it to say.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+v1beta1.ConsoleOutputPath+"{namespace}/{name}", h.get)
	return mux
}

func (h *Handler) get(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), cloudTimeout)
	defer cancel()
	output, status := h.output(ctx, client.ObjectKey{Namespace: req.PathValue("namespace"), Name: req.PathValue("name")})
	if status != nil {
		reply.Error(w, status)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(output[max(0, len(output)-v1beta1.MaxConsoleOutputBytes):])) // the caller may be gone
}

func (h *Handler) output(ctx context.Context, key client.ObjectKey) (string, *apierrors.StatusError) {
	edge, location, status := reply.Edge(ctx, h.Omni, key)
	if status != nil {
		return "", status
	}
	if location.IsCustom() {
		return "", apierrors.NewConflict(reply.Edges, key.Name, fmt.Errorf("its machine is of no cloud that could be asked: look at the machine itself"))
	}
	if edge.Status.InstanceID == "" {
		return "", apierrors.NewConflict(reply.Edges, key.Name, fmt.Errorf("its machine is not launched yet: ask again when status.instanceID is set"))
	}
	provider, err := h.Connect.Provider(ctx, location)
	if err != nil {
		return "", reply.Unavailable("sign in to the cloud", err)
	}
	output, err := provider.ConsoleOutput(ctx, edge.Status.InstanceID)
	if err != nil {
		return "", reply.Unavailable("ask the cloud for the console of "+edge.Status.InstanceID, err)
	}
	return output, nil
}
