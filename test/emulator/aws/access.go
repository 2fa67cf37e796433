// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// access decides what the credentials of an assumed role may do, by the inline
// policies of the role: their actions, resources and conditions. moto has the first
// only, and wants the signature of a request that no front has changed. All other
// credentials are an administrator's.
type access struct {
	mu sync.Mutex
	// roles are ARNs by access key.
	roles map[string]string
}

// remember notes whose the credentials are that AssumeRoleWithWebIdentity answers.
func (a *access) remember(req *request, answer *response) {
	var out struct {
		AccessKeyID string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
	}
	if !answer.ok() || xml.NewDecoder(bytes.NewReader(answer.body.Bytes())).Decode(&out) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles[out.AccessKeyID] = req.params.Get("RoleArn")
}

func (a *access) roleOf(accessKeyID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.roles[accessKeyID]
}

// checkAccess refuses what no policy of the caller's role allows.
func (e *Emulator) checkAccess(ctx context.Context, req *request) *Error {
	role := e.access.roleOf(req.accessKeyID)
	// Everybody may ask who they are.
	if role == "" || req.service == serviceSTS && req.action == "GetCallerIdentity" {
		return nil
	}
	statements, err := e.policies(ctx, role)
	if err != nil {
		return &Error{"InternalError", err.Error()}
	}
	account := strings.Split(role, ":")[4]
	demands, err := e.demands(ctx, req, account)
	if err != nil {
		return &Error{"InternalError", err.Error()}
	}
	for _, d := range demands {
		if !slices.ContainsFunc(statements, func(s policyStatement) bool { return s.allows(d) }) {
			return denied(req, role, d)
		}
	}
	return nil
}

// denied is what a service says; each has a code of its own for it.
func denied(req *request, role string, d demand) *Error {
	code := "AccessDenied"
	switch req.service {
	case serviceEC2:
		code = "UnauthorizedOperation"
	case serviceSSM, servicePricing:
		code = "AccessDeniedException"
	}
	user := strings.Replace(strings.Replace(role, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1)
	return &Error{code, fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		user, d.action, d.resource, d.action)}
}

// policies are the statements of the role's inline policies.
func (e *Emulator) policies(ctx context.Context, role string) ([]policyStatement, error) {
	name := role[strings.LastIndex(role, "/")+1:]
	var list struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
	}
	if err := e.upstream.iam(ctx, url.Values{"Action": {"ListRolePolicies"}, "RoleName": {name}}, &list); err != nil {
		return nil, err
	}
	var all []policyStatement
	for _, policy := range list.Names {
		var out struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		if err := e.upstream.iam(ctx, url.Values{"Action": {"GetRolePolicy"}, "RoleName": {name}, "PolicyName": {policy}}, &out); err != nil {
			return nil, err
		}
		statements, err := parsePolicy(out.Document)
		if err != nil {
			return nil, fmt.Errorf("policy %s of %s: %w", policy, name, err)
		}
		all = append(all, statements...)
	}
	return all, nil
}
