// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// writeError turns what etcd says of an object that is too large into an answer
// about the request; the store would answer 500. The first is etcd's own bound,
// 1.5 MiB unless it was told otherwise, the second that of its client, 2 MiB.
func writeError(err error) error {
	if errors.Is(err, rpctypes.ErrRequestTooLarge) || status.Code(err) == codes.ResourceExhausted {
		return apierrors.NewRequestEntityTooLargeError("the object is larger than etcd stores, 1.5 MiB by default: shorten its lists and maps, or split it (" + err.Error() + ")")
	}
	return err
}
