// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"

	"github.com/castai/omni/test/emulator/fault"
)

// takeFault returns the rule that hits a request, nil if none does. Its zone is
// found by the placement or the subnet, and only when a rule is about one. Codes
// are those of AWS, for example InsufficientInstanceCapacity, RequestLimitExceeded
// or UnauthorizedOperation; the SDKs repeat 5xx answers by themselves (three times
// by default).
func (e *Emulator) takeFault(ctx context.Context, req *request) *fault.Rule {
	about := func(rule *fault.Rule) bool {
		return rule.Action == req.action && (rule.InstanceType == "" || rule.InstanceType == req.params.Get("InstanceType"))
	}
	zone := ""
	if e.faults.Any(func(rule *fault.Rule) bool { return rule.Zone != "" && about(rule) }) {
		zone = e.zoneOf(ctx, req)
	}
	return e.faults.Take(func(rule *fault.Rule) bool { return about(rule) && (rule.Zone == "" || rule.Zone == zone) })
}

// suffer waits out the delay of a fault and returns its error, if it is one that
// comes before the cloud's work.
func (e *Emulator) suffer(ctx context.Context, rule *fault.Rule) *Error {
	if rule == nil {
		return nil
	}
	if rule.Wait(ctx, e.clock) != nil {
		return &Error{"RequestTimeout", "The caller went away."}
	}
	if rule.After {
		return nil
	}
	return faultError(rule)
}

func faultError(rule *fault.Rule) *Error {
	if rule.Code == "" {
		return nil
	}
	return &Error{rule.Code, rule.Words()}
}
