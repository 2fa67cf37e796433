// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package reply is how omni-controller answers what omni-apiserver asks about an edge:
// whose it is, and why there is no answer, by API statuses, which are passed on to the
// user.
package reply

import (
	"encoding/json"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxReason bounds what is passed on of an error of somebody else.
const maxReason = 1 << 10

// Unavailable says why there is no answer now. That is never the same as "there is
// no such thing".
func Unavailable(what string, err error) *apierrors.StatusError {
	reason := what + ": " + err.Error()
	return apierrors.NewServiceUnavailable(reason[:min(len(reason), maxReason)])
}

// Error answers with a status.
func Error(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(&status) // the caller may be gone
}
