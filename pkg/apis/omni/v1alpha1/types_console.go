// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:conversion-gen:explicit-from=net/url.Values

// ConsoleOutputOptions are the query parameters of edges/console-output.
type ConsoleOutputOptions struct {
	metav1.TypeMeta `json:",inline"`

	// TailLines leaves out all but the last lines. Default: 0, all that the cloud
	// has kept.
	// +optional
	TailLines int64 `json:"tailLines,omitempty"`
}
