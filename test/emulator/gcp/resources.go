// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"maps"
	"path"
	"strings"
)

// creations are the rules of the collections that have any; each fills in what the
// cloud adds.
var creations = map[string]func(*Emulator, *call) *Error{
	"instances":   (*Emulator).createInstance,
	"subnetworks": (*Emulator).createSubnetwork,
	"routers":     (*Emulator).createRouter,
	"firewalls":   (*Emulator).createFirewall,
}

// compute answers a request to Compute Engine.
func (e *Emulator) compute(c *call) (object, *Error) {
	if err := e.checkPlace(c); err != nil {
		return nil, err
	}
	if op, err := e.replay(c); op != nil || err != nil {
		return op, err
	}
	if c.method.ID == "compute.imageFamilyViews.get" {
		image, err := e.newestOfFamily(c.values["project"], c.values["family"])
		return object{"image": image}, err
	}
	switch verb := c.method.verb(); verb {
	case "insert":
		return e.insert(c)
	case "get":
		return e.get(c.path)
	case "list", "aggregatedList":
		return e.list(c)
	case "delete":
		return e.remove(c)
	case "patch", "update":
		if c.method.collection() == "routers" {
			return e.modifyRouter(c, verb)
		}
		return e.modify(c, c.path, verb, c.body)
	case "setLabels":
		return e.modify(c, path.Dir(c.path), verb, object{"labels": c.body["labels"]})
	case "setTags":
		return e.modify(c, path.Dir(c.path), verb, object{"tags": c.body})
	case "stop", "start":
		return e.power(c, verb)
	case "getSerialPortOutput":
		return e.serialOutput(c)
	case "getFromFamily":
		return e.newestOfFamily(c.values["project"], c.values["family"])
	case "testIamPermissions":
		return e.testPermissions(c), nil
	}
	return nil, newError("notImplemented", "%s is not implemented by this emulator", c.method.ID)
}

// checkPlace wants the project, zone and region of a request to exist.
func (e *Emulator) checkPlace(c *call) *Error {
	project := "projects/" + c.values["project"]
	if e.objects[project] == nil {
		return notFound(project)
	}
	for _, kind := range []string{"zone", "region"} {
		name := c.values[kind]
		if name != "" && name != "-" && e.objects["projects/"+e.Project+"/"+kind+"s/"+name] == nil {
			return invalid("Invalid value for field '%s': '%s'. Unknown %s.", kind, name, kind)
		}
	}
	return nil
}

func (e *Emulator) insert(c *call) (object, *Error) {
	name := text(c.body["name"])
	target := c.path + "/" + name
	if e.objects[target] != nil {
		return nil, newError("alreadyExists", "The resource '%s' already exists", target)
	}
	if create := creations[c.method.collection()]; create != nil {
		if err := create(e, c); err != nil {
			return nil, err
		}
	}
	op := e.operation(c, "insert", target)
	if c.failure != nil {
		e.fail(op, c.failure)
		return op, nil
	}
	collection := c.method.collection()
	c.body["id"], c.body["creationTimestamp"], c.body["selfLink"] = e.newID(), e.now(), e.link(target)
	c.body["kind"] = "compute#" + strings.TrimSuffix(collection, "s")
	for _, kind := range []string{"zone", "region"} {
		if place := c.values[kind]; place != "" {
			c.body[kind] = e.link("projects/" + c.values["project"] + "/" + kind + "s/" + place)
		}
	}
	e.objects[target], op["targetId"] = c.body, c.body["id"]
	if collection == "instances" {
		e.attachDisks(c)
		e.boot(target, op)
	} else {
		e.finish(1, op)
	}
	return op, nil
}

func (e *Emulator) get(path string) (object, *Error) {
	if o := e.objects[path]; o != nil {
		return o, nil
	}
	return nil, notFound(path)
}

func (e *Emulator) remove(c *call) (object, *Error) {
	o, err := e.get(c.path)
	if err != nil {
		return nil, err
	}
	if user := e.userOf(c.path); user != "" {
		return nil, newError("resourceInUseByAnotherResource", "The resource '%s' is already being used by '%s'", c.path, user)
	}
	op := e.operation(c, "delete", c.path)
	if c.failure != nil {
		e.fail(op, c.failure)
		return op, nil
	}
	if c.method.collection() == "instances" {
		o["status"] = "STOPPING"
		e.log(c.path, "power off")
	}
	e.after(1, func() { e.forget(c.path, o) })
	e.finish(1, op)
	return op, nil
}

// forget removes an object, unless another one has its name by now.
func (e *Emulator) forget(path string, o object) {
	if now := e.objects[path]; now != nil && now["id"] == o["id"] {
		delete(e.objects, path)
		e.detachDisks(o)
	}
}

// userOf returns the path of an object that names the one of path.
func (e *Emulator) userOf(path string) string {
	link := e.link(path)
	for user, o := range e.objects {
		if user != path && !strings.Contains(user, "/operations/") && mentions(o, link) {
			return user
		}
	}
	return ""
}

func mentions(value any, link string) bool {
	switch x := value.(type) {
	case string:
		return x == link
	case []any:
		for _, child := range x {
			if mentions(child, link) {
				return true
			}
		}
	case object:
		for _, child := range x {
			if mentions(child, link) {
				return true
			}
		}
	}
	return false
}

func (e *Emulator) modify(c *call, target, kind string, changes object) (object, *Error) {
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	op := e.operation(c, kind, target)
	if c.failure != nil {
		e.fail(op, c.failure)
		return op, nil
	}
	maps.Copy(o, changes)
	e.finish(1, op)
	return op, nil
}

// resolve wants the object that a field names to exist, and writes its full link.
func (e *Emulator) resolve(c *call, holder object, field string) *Error {
	reference := text(holder[field])
	target := e.pathOf(reference, c.values["project"])
	if reference == "" || e.objects[target] == nil {
		return invalid("Invalid value for field 'resource.%s': '%s'. The referenced %s resource cannot be found.", field, reference, field)
	}
	holder[field] = e.link(target)
	return nil
}

// pathOf reads a full or partial URL of a resource.
func (e *Emulator) pathOf(reference, project string) string {
	if i := strings.Index(reference, "projects/"); i >= 0 {
		return reference[i:]
	}
	return "projects/" + project + "/" + strings.TrimPrefix(reference, "/")
}

func (e *Emulator) link(path string) string { return e.BaseURL + "/compute/v1/" + path }

func text(value any) string {
	s, _ := value.(string)
	return s
}

func base(reference string) string { return path.Base(reference) }
