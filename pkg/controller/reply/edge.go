// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package reply

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Edges is the resource that answers are about.
var Edges = v1beta1.Resource("edges")

// Edge reads the edge that an answer is about, and its location.
func Edge(ctx context.Context, omni client.Reader, key client.ObjectKey) (*v1beta1.Edge, *v1beta1.EdgeLocation, *apierrors.StatusError) {
	edge, location := &v1beta1.Edge{}, &v1beta1.EdgeLocation{}
	if err := omni.Get(ctx, key, edge); apierrors.IsNotFound(err) {
		return nil, nil, apierrors.NewNotFound(Edges, key.Name)
	} else if err != nil {
		return nil, nil, Unavailable("read the edge", err)
	}
	if err := omni.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: edge.Spec.EdgeLocationName}, location); err != nil {
		return nil, nil, Unavailable("read the edge location", err)
	}
	return edge, location, nil
}
