// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import "strings"

// enabledServices are on in the project of a test from its beginning.
var enabledServices = []string{
	"cloudbilling.googleapis.com", "cloudresourcemanager.googleapis.com", "compute.googleapis.com", "iam.googleapis.com", "iamcredentials.googleapis.com",
	"serviceusage.googleapis.com", "sts.googleapis.com",
}

// services answers Service Usage: every service can be enabled, at once.
func (e *Emulator) services(c *call, target string) (object, *Error) {
	parent, _, _ := strings.Cut(target, "/services")
	switch verb := c.method.verb(); verb {
	case "batchEnable":
		names, _ := c.body["serviceIds"].([]any)
		for _, name := range names {
			e.setService(parent, text(name), "ENABLED")
		}
		return done(), nil
	case "enable", "disable":
		e.setService(parent, base(target), strings.ToUpper(verb)+"D")
		return done(), nil
	case "get":
		if o := e.objects[target]; o != nil {
			return o, nil
		}
		return object{"name": target, "state": "DISABLED", "config": object{"name": base(target)}}, nil
	case "list":
		list := []any{}
		for _, key := range sortedKeys(e.objects) {
			o := e.objects[key]
			if strings.HasPrefix(key, parent+"/services/") && (c.values["filter"] == "" || c.values["filter"] == "state:"+text(o["state"])) {
				list = append(list, o)
			}
		}
		return object{"services": list}, nil
	}
	return nil, newError("notImplemented", "%s is not implemented by this emulator", c.method.ID)
}

func done() object {
	return object{"name": "operations/noop.DONE_OPERATION", "done": true, "response": object{}}
}

func (e *Emulator) setService(parent, name, state string) {
	key := parent + "/services/" + name
	e.objects[key] = object{"name": key, "state": state, "config": object{"name": name}}
}

// checkEnabled refuses a request to a service that is disabled. Who is no service
// account asks Resource Manager by way of gcloud's own project, where it is on.
func (e *Emulator) checkEnabled(service, caller string) *Error {
	if service == "serviceusage" || service == "cloudresourcemanager" && !strings.HasSuffix(caller, serviceAccountSuffix) {
		return nil
	}
	name := service + ".googleapis.com"
	if o := e.objects["projects/"+e.Project+"/services/"+name]; o == nil || o["state"] != "ENABLED" {
		return newError("accessNotConfigured", "%s has not been used in project %s before or it is disabled. Enable it, and retry.", name, e.ProjectNumber)
	}
	return nil
}
