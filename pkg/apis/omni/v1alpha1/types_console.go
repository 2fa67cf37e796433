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

const (
	// ConsoleOutputPath is where omni-controller answers omni-apiserver with the
	// console of an edge's machine: <path><namespace>/<name>. In RBAC it is the
	// nonResourceURL /console-output/*.
	ConsoleOutputPath = "/console-output/"

	// MaxConsoleOutputBytes bounds a console; the beginning is left out. The
	// clouds keep 64 KiB (AWS) to 1 MiB (GCP).
	MaxConsoleOutputBytes = 1 << 20
)
