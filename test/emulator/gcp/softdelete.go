// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"strings"
	"time"
)

// What is deleted can be brought back for a while; a role's name stays taken for
// longer. A service account is gone at once, and its name is free.
// https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
// https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers#delete-pool
const (
	roleGrace    = 7 * 24 * time.Hour
	roleReserved = 37 * 24 * time.Hour
	poolGrace    = 30 * 24 * time.Hour
)

func isDeleted(o object) bool { return o["deleted"] == true || o["state"] == "DELETED" }

// free says that a name can be used.
func (e *Emulator) free(target string) *Error {
	_, reserved := e.deleted[target]
	switch o := e.objects[target]; {
	case o == nil && reserved:
		return newError("failedPrecondition", "You can't create a role_id (%s) which has been marked for deletion.", base(target))
	case o == nil:
		return nil
	case o["deleted"] == true:
		return newError("failedPrecondition", "You can't create a role with role_id (%s) where there is an existing role with that role_id in a deleted state.", base(target))
	default:
		return newError("alreadyExists", "Requested entity already exists: %s", target)
	}
}

// drop deletes: roles, pools and providers can be brought back.
func (e *Emulator) drop(c *call, target string) (object, *Error) {
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	if isDeleted(o) {
		return nil, newError("failedPrecondition", "%s is already deleted.", target)
	}
	switch c.method.collection() {
	case "roles":
		o["deleted"] = true
	case "workloadIdentityPools", "providers":
		o["state"], o["expireTime"] = "DELETED", e.Clock.Now().Add(poolGrace).UTC().Format(time.RFC3339)
	default:
		e.erase(target)
		e.forgetMember(o)
		return object{}, nil
	}
	e.deleted[target] = e.Clock.Now()
	return operationOf(o), nil
}

func (e *Emulator) undelete(_ *call, target string) (object, *Error) {
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	if !isDeleted(o) {
		return nil, newError("failedPrecondition", "%s is not deleted.", target)
	}
	if o["state"] != nil {
		o["state"] = "ACTIVE"
	}
	delete(o, "deleted")
	delete(o, "expireTime")
	delete(e.deleted, target)
	return operationOf(o), nil
}

// purge ends the time in which things can be brought back.
func (e *Emulator) purge() {
	for target, since := range e.deleted {
		isRole, age := strings.Contains(target, "/roles/"), e.Clock.Since(since)
		if isRole && age >= roleGrace || !isRole && age >= poolGrace {
			e.erase(target)
		}
		if !isRole && age >= poolGrace || age >= roleReserved {
			delete(e.deleted, target)
		}
	}
}

// erase removes a thing, what is in it, and the policy on it.
func (e *Emulator) erase(target string) {
	for key := range e.objects {
		if key == target || strings.HasPrefix(key, target+"/") || key == "policy/"+target {
			delete(e.objects, key)
		}
	}
}

// forgetMember takes a service account's roles away: policies go on naming it, but
// another account of its name is another member.
// https://cloud.google.com/iam/docs/service-accounts-delete-undelete
func (e *Emulator) forgetMember(account object) {
	member := any("serviceAccount:" + text(account["email"]))
	for key, policy := range e.objects {
		if !strings.HasPrefix(key, "policy/") {
			continue
		}
		for _, binding := range objects(policy["bindings"]) {
			list, _ := binding["members"].([]any)
			for i, m := range list {
				if m == member {
					list[i] = "deleted:" + text(m) + "?uid=" + text(account["uniqueId"])
				}
			}
		}
	}
}
