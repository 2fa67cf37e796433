// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"encoding/base64"
	"slices"
	"strings"
)

func (e *Emulator) policy(target string) object {
	if policy := e.objects["policy/"+target]; policy != nil {
		return policy
	}
	return object{"version": 1, "etag": etag, "bindings": []any{}}
}

// setPolicy replaces the policy on a project or a service account. Roles and
// members that are new in it must exist.
// https://cloud.google.com/iam/docs/reference/rest/v1/Policy
func (e *Emulator) setPolicy(c *call, target string) (object, *Error) {
	if _, err := e.get(target); err != nil {
		return nil, err
	}
	policy, _ := c.body["policy"].(object)
	old := e.policy(target)
	if tag := text(policy["etag"]); tag != "" && tag != text(old["etag"]) {
		return nil, newError("aborted", "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
	}
	for _, binding := range objects(policy["bindings"]) {
		list, _ := binding["members"].([]any)
		for _, member := range list {
			if slices.Contains(e.bound(old, text(binding["role"])), member) {
				continue
			}
			if err := e.checkBinding(text(binding["role"]), text(member)); err != nil {
				return nil, err
			}
		}
	}
	policy["etag"] = base64.StdEncoding.EncodeToString([]byte(e.newID()))
	e.objects["policy/"+target] = policy
	return policy, nil
}

// bound are the members that have a role by a policy.
func (*Emulator) bound(policy object, role string) (out []any) {
	for _, binding := range objects(policy["bindings"]) {
		if list, _ := binding["members"].([]any); binding["role"] == role {
			out = append(out, list...)
		}
	}
	return out
}

func (e *Emulator) checkBinding(role, member string) *Error {
	if custom := e.objects[role]; !matches(`roles/[a-zA-Z0-9.]+`, role) && (custom == nil || isDeleted(custom)) {
		return invalid("Role (%s) does not exist in the resource's hierarchy.", role)
	}
	kind, id, _ := strings.Cut(member, ":")
	switch {
	case id == "":
		return invalid("Invalid member %q: it has no type.", member)
	case kind == "serviceAccount" && e.objects["projects/"+e.Project+"/serviceAccounts/"+id] == nil:
		return invalid("Service account %s does not exist.", id)
	case kind == "principal" && !strings.HasPrefix(id, "//iam.googleapis.com/projects/"+e.ProjectNumber+"/locations/global/workloadIdentityPools/"):
		return invalid("Invalid principal %q: pools are named by the number of their project.", member)
	case !slices.Contains([]string{"serviceAccount", "principal", "user", "group"}, kind):
		return invalid("Invalid member %q: its type is not known to this emulator.", member)
	}
	return nil
}
