// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// identity answers a request to IAM, Resource Manager and Service Usage: things are
// stored by their name, policies beside them.
func (e *Emulator) identity(c *call) (object, *Error) {
	target := e.normalize(strings.TrimPrefix(c.path, "v1/"))
	if name, verb, ok := strings.Cut(target, ":"); ok && !strings.Contains(verb, "/") {
		target = name
	}
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
		policy, _ := c.body["policy"].(object)
		policy["etag"] = base64.StdEncoding.EncodeToString([]byte(e.newID()))
		e.objects["policy/"+target] = policy
		return policy, nil
	case c.method.ID == "iam.projects.serviceAccounts.keys.create":
		return e.newKey(strings.TrimSuffix(target, "/keys"))
	case verb == "create":
		return e.create(c, target)
	case verb == "get":
		return e.get(target)
	case verb == "list":
		return e.children(c.method.collection(), target), nil
	case verb == "patch":
		return e.update(c, target)
	case verb == "delete":
		return e.drop(target)
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

func (e *Emulator) policy(target string) object {
	if policy := e.objects["policy/"+target]; policy != nil {
		return policy
	}
	return object{"version": 1, "etag": "BwWKmjvelug=", "bindings": []any{}}
}

// create stores a service account, a role, a pool or a provider.
func (e *Emulator) create(c *call, parent string) (object, *Error) {
	var o object
	var id string
	switch c.method.collection() {
	case "serviceAccounts":
		id = text(c.body["accountId"])
		if !matches(`[a-z]([-a-z0-9]{4,28}[a-z0-9])`, id) {
			return nil, invalid("The account ID \"%s\" does not have a length between 6 and 30 or is malformed.", id)
		}
		id += "@" + e.Project + serviceAccountSuffix
		o, _ = c.body["serviceAccount"].(object)
		o = merged(o, object{"email": id, "projectId": e.Project, "uniqueId": e.newID()})
	case "roles":
		id = text(c.body["roleId"])
		o, _ = c.body["role"].(object)
		o = merged(o, object{"etag": "BwWKmjvelug="})
	default:
		id = cmp.Or(c.values["workloadIdentityPoolId"], c.values["workloadIdentityPoolProviderId"])
		o = merged(c.body, object{"state": "ACTIVE"})
	}
	target := parent + "/" + id
	if id == "" {
		return nil, invalid("No name is given to create in %s", parent)
	}
	if e.objects[target] != nil {
		return nil, newError("alreadyExists", "Requested entity already exists: %s", target)
	}
	o["name"] = target
	e.objects[target] = o
	if strings.Contains(target, "/workloadIdentityPools/") {
		return object{"name": target + "/operations/" + e.newID(), "done": true, "response": o}, nil
	}
	return o, nil
}

func merged(o, more object) object {
	if o == nil {
		o = object{}
	}
	maps.Copy(o, more)
	return o
}

func (e *Emulator) update(c *call, target string) (object, *Error) {
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	merged(o, c.body)
	return o, nil
}

func (e *Emulator) drop(target string) (object, *Error) {
	if _, err := e.get(target); err != nil {
		return nil, err
	}
	for key := range e.objects {
		if key == target || strings.HasPrefix(key, target+"/") || key == "policy/"+target {
			delete(e.objects, key)
		}
	}
	return object{}, nil
}

func (e *Emulator) children(collection, parent string) object {
	list := []any{}
	for _, key := range sortedKeys(e.objects) {
		if path.Dir(key) == parent {
			list = append(list, e.objects[key])
		}
	}
	if collection == "serviceAccounts" {
		collection = "accounts"
	}
	return object{collection: list}
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

// services answers Service Usage: every service can be enabled, at once.
func (e *Emulator) services(c *call, target string) (object, *Error) {
	switch c.method.verb() {
	case "enable", "batchEnable":
		names, _ := c.body["serviceIds"].([]any)
		parent, _, _ := strings.Cut(target, "/services")
		if c.method.verb() == "enable" {
			names = []any{base(target)}
		}
		for _, name := range names {
			key := parent + "/services/" + text(name)
			e.objects[key] = object{"name": key, "state": "ENABLED", "config": object{"name": name}}
		}
		return object{"name": "operations/noop.DONE_OPERATION", "done": true, "response": object{}}, nil
	case "get":
		if o := e.objects[target]; o != nil {
			return o, nil
		}
		return object{"name": target, "state": "DISABLED", "config": object{"name": base(target)}}, nil
	case "list":
		all := e.children("services", target)
		if c.values["filter"] == "state:DISABLED" {
			all["services"] = slices.Clip([]any{})
		}
		return all, nil
	}
	return nil, newError("notImplemented", "%s is not implemented by this emulator", c.method.ID)
}
