// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ConsoleOutputOptions are the query parameters of edges/console-output.
type ConsoleOutputOptions struct {
	metav1.TypeMeta
	TailLines int64
}
