// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import "fmt"

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
	statements := make([]string, 0, len(permissions))
	for _, p := range permissions {
		statements = append(statements, fmt.Sprintf("Allow group %s to %s in compartment id %s", group, p, compartmentID))
	}
	return statements
}
