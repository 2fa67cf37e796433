// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package omni holds the internal (hub) types of the omni.cast.ai API: every
// external version converts to and from them. The fields are documented in the
// external versions.
//
// +k8s:deepcopy-gen=package
// +groupName=omni.cast.ai
package omni
