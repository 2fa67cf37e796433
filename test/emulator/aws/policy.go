// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// demand is what a request needs to be allowed.
type demand struct {
	// action and resource, an ARN or * where the action has none.
	action, resource string
	// keys are the condition keys of the request, for this resource.
	keys map[string]string
}

// policyStatement is one of an identity-based policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policyStatement struct {
	Effect           string
	Action, Resource oneOrMany
	Condition        map[string]map[string]oneOrMany
}

// parsePolicy reads a URL-encoded policy.
func parsePolicy(encoded string) ([]policyStatement, error) {
	document, err := url.PathUnescape(encoded)
	if err != nil {
		return nil, err
	}
	var policy struct{ Statement []policyStatement }
	err = json.Unmarshal([]byte(document), &policy)
	return policy.Statement, err
}

// allows tells whether the statement grants what is demanded. What is not
// understood (Deny, operators other than StringEquals) grants nothing.
func (s *policyStatement) allows(d demand) bool {
	return s.Effect == "Allow" &&
		slices.ContainsFunc(s.Action, func(pattern string) bool { return wildcard(pattern, d.action, true) }) &&
		slices.ContainsFunc(s.Resource, func(pattern string) bool { return wildcard(pattern, d.resource, false) }) &&
		s.holds(d.keys)
}

// holds tells whether every condition is met; a key that the request lacks meets
// none.
func (s *policyStatement) holds(keys map[string]string) bool {
	for operator, conditions := range s.Condition {
		for key, values := range conditions {
			have, ok := keys[key]
			if operator != "StringEquals" || !ok || !slices.Contains(values, have) {
				return false
			}
		}
	}
	return true
}

// wildcard matches * and ? as IAM does: across colons and slashes.
func wildcard(pattern, text string, foldCase bool) bool {
	quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	if foldCase {
		quoted = "(?i)" + quoted
	}
	return regexp.MustCompile("^(?s:" + quoted + ")$").MatchString(text)
}
