// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Caller is what the admin says of a caller: the e-mail address of a service
// account, or the access token itself when it was not issued here.
type Caller struct {
	// Invalid makes the caller's tokens invalid.
	Invalid bool `json:"invalid,omitempty"`
	// Denied are permissions the caller lacks. Example: compute.instances.create.
	Denied []string `json:"denied,omitempty"`
	// Roles of Google's that the caller has, instead of the owner's. Example:
	// roles/compute.networkAdmin.
	Roles []string `json:"roles,omitempty"`
}

// putCaller handles PUT /_emulator/callers/{caller}.
func (e *Emulator) putCaller(w http.ResponseWriter, r *http.Request) {
	in := Caller{}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&in); err != nil {
		http.Error(w, "caller: "+err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.callers[r.PathValue("caller")] = in
	w.WriteHeader(http.StatusNoContent)
}

// authenticate returns who calls. A token that was not issued here is taken for
// the project owner's, unless the admin says otherwise.
func (e *Emulator) authenticate(header string) (string, *Error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || token == "" {
		return "", &Error{http.StatusUnauthorized, "required", "Request is missing required authentication credential. Expected OAuth 2 access token."}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	caller := token
	if issued, ok := e.tokens[token]; ok {
		if !e.Clock.Now().Before(issued.expires) {
			return "", invalidCredentials
		}
		caller = issued.principal
	} else if strings.HasPrefix(token, tokenPrefix) {
		return "", invalidCredentials // of an emulator that is no more
	}
	if e.callers[caller].Invalid {
		return "", invalidCredentials
	}
	return caller, nil
}

var invalidCredentials = &Error{http.StatusUnauthorized, "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token."}

// authorize refuses a request whose caller lacks a permission.
func (e *Emulator) authorize(c *call) *Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.checkEnabled(c.method.service.Name, c.caller); err != nil {
		return err
	}
	for _, permission := range c.permissions() {
		if c.values["project"] != "" && c.values["project"] != e.Project && c.method.HTTPMethod == http.MethodGet {
			continue // the public images of other projects
		}
		if !e.allowed(c.caller, permission) {
			return newError("forbidden", "Required '%s' permission for '%s'", permission, c.path)
		}
	}
	return nil
}

// permissions are what a request needs, as the reference of each method lists them.
// https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert#iam-permissions
func (c *call) permissions() []string {
	verb, collection := c.method.verb(), c.method.collection()
	switch verb {
	case "testIamPermissions", "generateAccessToken", "queryTestablePermissions":
		return nil
	case "insert":
		verb = "create"
	case "aggregatedList":
		verb = "list"
	case "wait":
		verb = "get"
	case "patch":
		verb = "update"
	case "batchEnable":
		verb = "enable"
	}
	switch c.method.service.Name {
	case "cloudbilling":
		return nil // the price list is public: any account of Google may read it
	case "cloudresourcemanager":
		return []string{"resourcemanager." + collection + "." + verb}
	case "iam":
		switch collection {
		case "keys":
			collection = "serviceAccountKeys"
		case "providers":
			collection = "workloadIdentityPoolProviders"
		}
	}
	out := []string{c.method.service.Name + "." + collection + "." + verb}
	switch c.method.ID {
	case "compute.instances.insert":
		return append(out, c.instancePermissions()...)
	case "compute.firewalls.insert", "compute.firewalls.delete", "compute.routers.insert", "compute.routers.delete", "compute.subnetworks.insert":
		return append(out, "compute.networks.updatePolicy")
	}
	return out
}

func (c *call) instancePermissions() []string {
	out := []string{"compute.disks.create", "compute.subnetworks.use"}
	for field, permission := range map[string]string{
		"labels": "compute.instances.setLabels", "metadata": "compute.instances.setMetadata",
		"tags": "compute.instances.setTags", "serviceAccounts": "compute.instances.setServiceAccount",
	} {
		if c.body[field] != nil {
			out = append(out, permission)
		}
	}
	for _, nic := range objects(c.body["networkInterfaces"]) {
		if nic["accessConfigs"] != nil {
			out = append(out, "compute.subnetworks.useExternalIp")
		}
	}
	slices.Sort(out)
	return out
}

// allowed says whether a caller has a permission. Service accounts have what the
// project's policy gives them, everybody else what the admin says or an owner has;
// less what is denied.
func (e *Emulator) allowed(caller, permission string) bool {
	if slices.Contains(e.callers[caller].Denied, permission) {
		return false
	}
	roles := e.callers[caller].Roles
	if strings.HasSuffix(caller, serviceAccountSuffix) || strings.HasPrefix(caller, "principal://") {
		roles = e.rolesOf("policy/projects/"+e.Project, caller)
	} else if roles == nil {
		return true
	}
	for _, role := range roles {
		if custom := e.objects[role]; custom != nil && !isDeleted(custom) {
			permissions, _ := custom["includedPermissions"].([]any)
			if slices.Contains(permissions, any(permission)) {
				return true
			}
		}
		if slices.ContainsFunc(predefined[role], func(prefix string) bool { return strings.HasPrefix(permission, prefix) }) {
			return true
		}
	}
	return false
}

// rolesOf returns the roles that a policy gives to a caller.
func (e *Emulator) rolesOf(policy, caller string) []string {
	member := caller
	if strings.HasSuffix(caller, serviceAccountSuffix) {
		member = "serviceAccount:" + caller
	}
	var roles []string
	for _, binding := range objects(e.objects[policy]["bindings"]) {
		members, _ := binding["members"].([]any)
		if slices.Contains(members, any(member)) {
			roles = append(roles, text(binding["role"]))
		}
	}
	return roles
}

// testPermissions returns those of the permissions in the request that the caller
// has.
func (e *Emulator) testPermissions(c *call) object {
	has := []any{}
	asked, _ := c.body["permissions"].([]any)
	for _, permission := range asked {
		if e.allowed(c.caller, text(permission)) {
			has = append(has, permission)
		}
	}
	if len(has) == 0 {
		return object{}
	}
	return object{"permissions": has}
}
