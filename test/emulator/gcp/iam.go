// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path"
	"strings"
)

// identity answers a request to IAM, Resource Manager and Service Usage: things are
// stored by their name, policies beside them.
func (e *Emulator) identity(c *call) (object, *Error) {
	target := e.normalize(strings.TrimPrefix(c.path, "v1/"))
	if name, verb, ok := strings.Cut(target, ":"); ok && !strings.Contains(verb, "/") {
		target = name
	}
	e.purge()
	switch verb := c.method.verb(); {
	case c.method.service.Name == "serviceusage":
		return e.services(c, target)
	case verb == "queryTestablePermissions":
		return object{}, nil // gcloud asks for those that a custom role should not have
	case verb == "testIamPermissions":
		return e.testPermissions(c), nil
	case verb == "generateAccessToken":
		return e.generateAccessToken(c, target)
	case verb == "getIamPolicy":
		return e.policy(target), nil
	case verb == "setIamPolicy":
		return e.setPolicy(c, target)
	case c.method.ID == "iam.projects.serviceAccounts.keys.create":
		return e.newKey(strings.TrimSuffix(target, "/keys"))
	case verb == "create":
		return e.create(c, target)
	case verb == "get":
		return e.get(target)
	case verb == "list":
		return e.children(c, target), nil
	case verb == "patch":
		return e.update(c, target)
	case verb == "delete":
		return e.drop(c, target)
	case verb == "undelete":
		return e.undelete(c, target)
	}
	return nil, newError("notImplemented", "%s is not implemented by this emulator", c.method.ID)
}

// normalize writes the project's ID where its number or, for a service account,
// the wildcard may stand.
func (e *Emulator) normalize(name string) string {
	for _, alias := range []string{"projects/" + e.ProjectNumber + "/", "projects/-/"} {
		if rest, ok := strings.CutPrefix(name, alias); ok {
			return "projects/" + e.Project + "/" + rest
		}
	}
	return name
}

// create stores a service account, a role, a pool or a provider.
func (e *Emulator) create(c *call, parent string) (object, *Error) {
	o, id, err := e.described(c)
	if err != nil {
		return nil, err
	}
	target := parent + "/" + id
	if err := e.free(target); err != nil {
		return nil, err
	}
	o["name"] = target
	e.objects[target] = o
	return operationOf(o), nil
}

// described is what a request to create something describes, and its name.
func (e *Emulator) described(c *call) (o object, id string, err *Error) {
	switch c.method.collection() {
	case "serviceAccounts":
		id = text(c.body["accountId"])
		o, _ = c.body["serviceAccount"].(object)
		o = merged(o, object{"email": id + "@" + e.Project + serviceAccountSuffix, "projectId": e.Project, "uniqueId": e.newID(), "etag": etag})
		return o, text(o["email"]), checkAccount(id, o)
	case "roles":
		id = text(c.body["roleId"])
		o, _ = c.body["role"].(object)
		return merged(o, object{"etag": etag}), id, checkRole(id, o)
	case "workloadIdentityPools":
		id = c.values["workloadIdentityPoolId"]
		return merged(c.body, object{"state": "ACTIVE"}), id, checkPool(id, c.body)
	default:
		id = c.values["workloadIdentityPoolProviderId"]
		return merged(c.body, object{"state": "ACTIVE"}), id, checkProvider(id, c.body)
	}
}

// operationOf is what IAM says of a thing that was changed: of pools and their
// providers, in an operation that is done.
func operationOf(o object) object {
	name := text(o["name"])
	if !strings.Contains(name, "/workloadIdentityPools/") {
		return o
	}
	return object{"name": name + "/operations/done", "done": true, "response": o}
}

// etag of things whose changes are not told apart.
const etag = "BwWKmjvelug="

func merged(o, more object) object {
	if o == nil {
		o = object{}
	}
	maps.Copy(o, more)
	return o
}

// update changes what the mask names, or all that the body has.
func (e *Emulator) update(c *call, target string) (object, *Error) {
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	if isDeleted(o) {
		return nil, newError("failedPrecondition", "You can't update %s: it is deleted.", target)
	}
	changed := merged(maps.Clone(o), c.body)
	if mask := c.values["updateMask"]; mask != "" {
		changed = maps.Clone(o)
		for field := range strings.SplitSeq(mask, ",") {
			field, _, _ = strings.Cut(field, ".")
			changed[field] = c.body[field]
		}
	}
	switch c.method.collection() {
	case "roles":
		err = checkRole(base(target), changed)
	case "providers":
		err = checkProvider(base(target), changed)
	}
	if err != nil {
		return nil, err
	}
	e.objects[target] = changed
	return operationOf(changed), nil
}

// members are the names of the lists that are not named as their collection.
var members = map[string]string{"serviceAccounts": "accounts", "providers": "workloadIdentityPoolProviders"}

// children lists what is directly below a name; what is deleted when asked to.
func (e *Emulator) children(c *call, parent string) object {
	list := []any{}
	collection := c.method.collection()
	for _, key := range sortedKeys(e.objects) {
		if path.Dir(key) != parent || isDeleted(e.objects[key]) && c.values["showDeleted"] == "" {
			continue
		}
		o := maps.Clone(e.objects[key])
		if collection == "roles" && c.values["view"] != "FULL" {
			delete(o, "includedPermissions")
		}
		list = append(list, o)
	}
	return object{cmp.Or(members[collection], collection): list}
}

func (e *Emulator) newKey(account string) (object, *Error) {
	if _, err := e.get(account); err != nil {
		return nil, err
	}
	file, id, err := e.createKey(base(account))
	if err != nil {
		return nil, newError("internalError", "%v", err)
	}
	data, err := json.Marshal(file)
	if err != nil {
		return nil, newError("internalError", "%v", err)
	}
	name := account + "/keys/" + id
	e.objects[name] = object{"name": name, "keyType": "USER_MANAGED", "keyAlgorithm": "KEY_ALG_RSA_2048"}
	return merged(object{"privateKeyData": base64.StdEncoding.EncodeToString(data), "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"}, e.objects[name]), nil
}
