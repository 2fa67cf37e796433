// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package omni

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// JoinCommand is created on edges/join-command, of an Edge in a Custom location.
// It mints a bootstrap token that is good for one machine and for a short time;
// the answer holds the script with the token in it. Asked again, it answers with
// the same token while that lives.
type JoinCommand struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Status JoinCommandStatus
}

// JoinCommandStatus is the answer; it is never stored.
type JoinCommandStatus struct {
	Script         string
	ExpirationTime metav1.Time
}
