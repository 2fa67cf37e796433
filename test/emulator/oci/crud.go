// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

func (c *cloud) create(r *call, collection string, k kind) (*answer, *Error) {
	token := r.op.name + "/" + r.retryToken
	now := c.Clock.Now()
	if r.retryToken != "" {
		id, err := c.tokens.made(token, r.body, now)
		if err != nil {
			return nil, err
		}
		if t := c.things[id]; t != nil && alive(t) {
			return project(r.op, t)
		} else if id != "" {
			return nil, spentToken()
		}
	}
	if err := c.checkInput(r); err != nil {
		return nil, err
	}
	if k.uniqueName && c.named(collection, r.details["name"]) {
		return nil, refuse("NotAuthorizedOrResourceAlreadyExists", "Authorization failed or requested resource already exists.")
	}
	t := c.add(collection, maps.Clone(r.details))
	if err := k.create(c, r, t); err != nil {
		delete(c.things, t.id())
		return nil, err
	}
	if k.settles {
		t.fields["lifecycleState"], t.ahead = "PROVISIONING", c.soon(k.state)
	}
	t.visible = now.Add(r.hidden)
	if r.retryToken != "" {
		c.tokens.remember(token, r.body, t.id(), now)
	}
	return project(r.op, t)
}

// createPlain makes what has nothing but what was asked for.
func createPlain(*cloud, *call, *thing) *Error { return nil }

func alive(t *thing) bool {
	return !slices.Contains([]string{"TERMINATING", "TERMINATED", "DELETED"}, t.state())
}

func (c *cloud) named(collection string, name any) bool {
	for _, t := range c.things {
		if t.collection == collection && t.fields["name"] == name {
			return true
		}
	}
	return false
}

func (c *cloud) get(r *call, collection string) (*answer, *Error) {
	t, err := c.target(r, collection)
	if err != nil {
		return nil, err
	}
	return project(r.op, t)
}

// target is the thing that the only variable of the path names.
func (c *cloud) target(r *call, collection string) (*thing, *Error) {
	for _, id := range r.vars {
		return c.find(collection, id)
	}
	return nil, notEmulated("%s", r.op.name)
}

func (c *cloud) update(r *call, collection string) (*answer, *Error) {
	t, err := c.target(r, collection)
	if err != nil {
		return nil, err
	}
	if err := c.checkInput(r); err != nil {
		return nil, err
	}
	maps.Copy(t.fields, r.details)
	return project(r.op, t)
}

func (c *cloud) delete(r *call, collection string) (*answer, *Error) {
	t, err := c.target(r, collection)
	if err != nil {
		return nil, err
	}
	switch t.state() {
	case "TERMINATING":
		return nil, refuse("IncorrectState", "%s is being deleted", t.id())
	case "TERMINATED":
		return nil, notFound()
	}
	if user := c.user(t.id()); user != "" {
		return nil, refuse("Conflict", "%s is in use by %s: remove the reference first", t.id(), user)
	}
	if kinds[collection].settles {
		t.fields["lifecycleState"], t.ahead = "TERMINATING", c.soon("TERMINATED", "")
		return &answer{}, nil
	}
	delete(c.things, t.id())
	c.end(t.id())
	return &answer{}, nil
}

// user is a thing that refers to id and does not end with it; empty if none.
func (c *cloud) user(id string) string {
	for _, t := range c.things {
		if t.id() == id || t.owner == id || !alive(t) && t.state() != "TERMINATING" {
			continue
		}
		text, err := json.Marshal(t.fields)
		if err == nil && strings.Contains(string(text), `"`+id+`"`) {
			return t.id()
		}
	}
	return ""
}

// checkInput refuses references that lead nowhere and tags that OCI does not take.
func (c *cloud) checkInput(r *call) *Error {
	if err := c.checkReferences("", r.details); err != nil {
		return err
	}
	tags, _ := r.details["freeformTags"].(object)
	return checkTags(tags)
}

// checkReferences looks up every OCID of a request. The name of a field says where
// one must stand.
func (c *cloud) checkReferences(field string, value any) *Error {
	switch value := value.(type) {
	case object:
		for name, v := range value {
			if err := c.checkReferences(name, v); err != nil {
				return err
			}
		}
	case []any:
		for _, v := range value {
			if err := c.checkReferences(field, v); err != nil {
				return err
			}
		}
	case string:
		isOCID := strings.HasPrefix(value, "ocid1.")
		if !isOCID && (strings.HasSuffix(field, "Id") || strings.HasSuffix(field, "Ids")) {
			return refuse("InvalidParameter", "%s %q is not an OCID", field, value)
		}
		if isOCID && c.things[value] == nil {
			return notFound()
		}
	}
	return nil
}

// Limits of free-form tags:
// https://docs.oracle.com/iaas/Content/General/Concepts/resourcetags.htm
const (
	maxTags     = 10
	maxTagKey   = 100
	maxTagValue = 256
)

func checkTags(tags object) *Error {
	if len(tags) > maxTags {
		return refuse("InvalidParameter", "A resource may have %d free-form tags, not %d", maxTags, len(tags))
	}
	for key, value := range tags {
		text, _ := value.(string)
		switch {
		case key == "", len(key) > maxTagKey, strings.ContainsAny(key, ". "):
			return refuse("InvalidParameter", "freeformTags key %q: a key has at most %d characters, no period and no space", key, maxTagKey)
		case len(text) > maxTagValue:
			return refuse("InvalidParameter", "freeformTags value of %q is longer than %d characters", key, maxTagValue)
		}
	}
	return nil
}

// project answers with the fields of a thing that the response's type has. One that
// is mandatory and not there is a fault of the emulator.
func project(op *operation, t *thing) (*answer, *Error) {
	item, _ := op.body()
	out, err := projectInto(item, t)
	if err != nil {
		return nil, err
	}
	return &answer{body: out}, nil
}

func projectInto(item reflect.Type, t *thing) (object, *Error) {
	out := object{}
	for field := range item.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if value, ok := t.fields[name]; ok {
			out[name] = value
		} else if field.Tag.Get("mandatory") == "true" {
			return nil, notEmulated("the field %s of %s", name, item)
		}
	}
	return out, nil
}
