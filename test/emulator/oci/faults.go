// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import "github.com/castai/omni/test/emulator/fault"

// OutOfHostCapacity is the fault of a cloud without such machines: OCI answers it
// as an internal error, and only the message tells.
func OutOfHostCapacity() fault.Rule {
	return fault.Rule{Action: "LaunchInstance", Code: "InternalError", Message: "Out of host capacity."}
}

// suffers says whether a rule is about this call. Its type is a shape, as
// VM.Standard.E5.Flex, and its zone an availability domain with its prefix.
func (c *call) suffers(rule *fault.Rule) bool {
	return rule.Action == c.op.name && (rule.InstanceType == "" || rule.InstanceType == c.details["shape"]) &&
		(rule.Zone == "" || rule.Zone == c.details["availabilityDomain"])
}

// failure is the error of a rule; nil if it has none.
func failure(rule *fault.Rule) *Error {
	if rule.Code == "" {
		return nil
	}
	err := refuse(rule.Code, "%s", rule.Words())
	if rule.Status != 0 {
		err.Status = rule.Status
	}
	if err.Status == 0 {
		return notEmulated("a status for the code %q: give the rule one", rule.Code)
	}
	return err
}
