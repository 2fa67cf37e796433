// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package artifacts carries, in the binaries, the manifests that are shipped.
package artifacts

import _ "embed" // the manifests

// Roles are the ClusterRoles for people, and who may register a location.
//
//go:embed deploy/rbac/roles.yaml
var Roles []byte
