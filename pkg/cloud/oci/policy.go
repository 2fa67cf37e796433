// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"strings"
)

// permissions are what the calls of this package need, and no more.
var permissions = []string{
	"inspect compartments",
	"manage instances",
	"read instance-images",
	"manage console-histories",
	"use vnics",
	"use subnets",
	"use network-security-groups",
}

// PolicyStatements are the statements of a policy that lets a group do what a
// Provider does in a compartment.
func PolicyStatements(group, compartmentID string) []string {
	scope := "compartment id " + compartmentID
	if strings.HasPrefix(compartmentID, "ocid1.tenancy.") {
		// The policy language knows the root compartment by this name only:
		// https://docs.oracle.com/iaas/Content/Identity/policysyntax/location.htm
		scope = "tenancy"
	}
	statements := make([]string, 0, len(permissions))
	for _, p := range permissions {
		statements = append(statements, fmt.Sprintf("Allow group %s to %s in %s", group, p, scope))
	}
	return statements
}
