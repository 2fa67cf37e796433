// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"fmt"
	"net/http"
	"path"
	"strings"
)

// boot takes a new machine through PROVISIONING and STAGING to RUNNING, when its
// operation is done too.
// https://cloud.google.com/compute/docs/instances/instance-lifecycle
func (e *Emulator) boot(target string, op object) {
	o := e.objects[target]
	o["status"] = "PROVISIONING"
	e.log(target, "power on")
	e.after(1, func() { e.move(o, "PROVISIONING", "STAGING") })
	e.after(2, func() {
		if e.move(o, "STAGING", "RUNNING") {
			e.log(target, "boot")
		}
	})
	e.finish(2, op)
}

// move changes the state of a machine that is still in the state it was left in.
func (e *Emulator) move(o object, from, to string) bool {
	if o["status"] != from {
		return false
	}
	o["status"] = to
	return true
}

// power stops or starts a machine.
func (e *Emulator) power(c *call, verb string) (object, *Error) {
	target := path.Dir(c.path)
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	op := e.operation(c, verb, target)
	switch {
	case verb == "start" && o["status"] == "TERMINATED":
		e.boot(target, op)
		return op, nil
	case verb == "stop" && o["status"] == "RUNNING":
		e.shutDown(target, o, "STOP")
	}
	e.finish(1, op)
	return op, nil
}

// shutDown stops a machine; by the action DELETE it is deleted then.
func (e *Emulator) shutDown(target string, o object, action string) {
	o["status"] = "STOPPING"
	e.log(target, "power off")
	e.after(1, func() {
		if action == "DELETE" {
			e.forget(target, o)
		} else {
			e.move(o, "STOPPING", "TERMINATED")
		}
	})
}

// preempt handles POST /_emulator/preempt/<path of a machine>: the cloud takes a
// spot machine back.
// https://cloud.google.com/compute/docs/instances/spot#preemption-detection
func (e *Emulator) preempt(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	target := r.PathValue("path")
	o, err := e.get(target)
	if err != nil {
		writeError(w, err)
		return
	}
	scheduling, _ := o["scheduling"].(object)
	if scheduling["provisioningModel"] != "SPOT" {
		writeError(w, invalid("%s is no spot machine", target))
		return
	}
	op := e.operation(&call{caller: "system", values: map[string]string{}}, "compute.instances.preempted", target)
	op["statusMessage"] = "Instance was preempted."
	e.finish(0, op)
	e.shutDown(target, o, text(scheduling["instanceTerminationAction"]))
	writeJSON(w, http.StatusOK, op)
}

// log writes to the first serial port of a machine.
func (e *Emulator) log(target, line string) {
	e.serial[target] += fmt.Sprintf("[%s] %s\n", e.now(), line)
}

func (e *Emulator) serialOutput(c *call) (object, *Error) {
	target := path.Dir(c.path)
	o, err := e.get(target)
	if err != nil {
		return nil, err
	}
	contents := ""
	if port := c.values["port"]; port == "" || port == "1" {
		contents = e.serial[target]
	}
	return object{
		"kind": "compute#serialPortOutput", "selfLink": text(o["selfLink"]) + "/serialPort", "contents": contents,
		"start": "0", "next": fmt.Sprint(len(contents)),
	}, nil
}

// newestOfFamily returns the newest image of a family.
func (e *Emulator) newestOfFamily(project, family string) (object, *Error) {
	var newest object
	for key, o := range e.objects {
		if strings.HasPrefix(key, "projects/"+project+"/global/images/") && o["family"] == family &&
			(newest == nil || text(o["creationTimestamp"]) > text(newest["creationTimestamp"])) {
			newest = o
		}
	}
	if newest == nil {
		return nil, notFound("projects/" + project + "/global/images/family/" + family)
	}
	return newest, nil
}
