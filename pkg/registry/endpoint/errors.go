// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// notInSchema is how server-side apply says that the patch names a field that no
// schema has. The library gives the error neither type nor status.
const notInSchema = "failed to create typed patch object"

// writeError makes answers about the request of errors that are the client's
// mistakes, and that the handlers would take for the server's: 500.
func writeError(err error) error {
	switch {
	case err == nil:
		return nil
	case isTooLarge(err):
		return apierrors.NewRequestEntityTooLargeError("the object is larger than etcd stores, 1.5 MiB by default: shorten its lists and maps, or split it (" + err.Error() + ")")
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown && strings.Contains(err.Error(), notInSchema):
		return apierrors.NewBadRequest(err.Error())
	}
	return err
}

// isTooLarge: the first is etcd's own bound, 1.5 MiB unless it was told
// otherwise, the second that of its client, 2 MiB.
func isTooLarge(err error) bool {
	return errors.Is(err, rpctypes.ErrRequestTooLarge) || status.Code(err) == codes.ResourceExhausted
}
