// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/castai/omni/test/emulator/fault"
)

// waitDeadline is how long operations.wait waits, by its documentation.
const waitDeadline = 2 * time.Minute

// event happens by itself when it is due.
type event struct {
	due time.Time
	run func()
}

// after lets something happen a number of steps from now.
func (e *Emulator) after(steps int, run func()) {
	e.timeline = append(e.timeline, event{e.Clock.Now().Add(time.Duration(steps) * e.Step), run})
	slices.SortStableFunc(e.timeline, func(a, b event) int { return a.due.Compare(b.due) })
}

// advance lets all that is due happen.
func (e *Emulator) advance() {
	for len(e.timeline) > 0 && !e.timeline[0].due.After(e.Clock.Now()) {
		next := e.timeline[0]
		e.timeline = e.timeline[1:]
		next.run()
	}
}

// operation makes a running operation on the object of target.
func (e *Emulator) operation(c *call, kind, target string) object {
	name := fmt.Sprintf("operation-%d-%s", e.Clock.Now().UnixMilli(), e.newID())
	scope, rest, _ := strings.Cut(strings.TrimPrefix(target, "projects/"), "/")
	scope = "projects/" + scope
	op := object{
		"kind": "compute#operation", "id": e.newID(), "name": name, "operationType": kind, "status": "RUNNING",
		"progress": 0, "user": c.caller, "insertTime": e.now(), "startTime": e.now(), "targetLink": e.link(target),
	}
	switch parts := strings.Split(rest, "/"); parts[0] {
	case "zones", "regions":
		scope += "/" + parts[0] + "/" + parts[1]
		op[strings.TrimSuffix(parts[0], "s")] = e.link(scope)
	default:
		scope += "/global"
	}
	if o := e.objects[target]; o != nil {
		op["targetId"] = o["id"]
	}
	path := scope + "/operations/" + name
	op["selfLink"] = e.link(path)
	e.objects[path] = op
	if id := c.values["requestId"]; id != "" {
		e.requests[requestKey(c)] = path
	}
	return op
}

// finish ends an operation some steps from now.
func (e *Emulator) finish(steps int, op object) {
	e.after(steps, func() { op["status"], op["progress"], op["endTime"] = "DONE", 100, e.now() })
}

// fail ends an operation with an error.
func (e *Emulator) fail(op object, rule *fault.Rule) {
	op["error"] = object{"errors": []any{object{"code": rule.Code, "message": rule.Words()}}}
	op["httpErrorStatusCode"], op["httpErrorMessage"] = http.StatusServiceUnavailable, "SERVICE UNAVAILABLE"
	e.finish(1, op)
}

// replay returns the operation of a requestId that was seen before. Compute Engine
// documents that the second request is ignored; it does not document that its body
// is compared.
func (e *Emulator) replay(c *call) (object, *Error) {
	id := c.values["requestId"]
	if id == "" {
		return nil, nil
	}
	if parsed, err := uuid.Parse(id); err != nil || parsed == uuid.Nil {
		return nil, invalid("Invalid value for field 'requestId': '%s'. Must be a valid, non-zero UUID", id)
	}
	return e.objects[e.requests[requestKey(c)]], nil
}

func requestKey(c *call) string {
	return c.values["project"] + "/" + c.method.ID + "/" + c.values["requestId"]
}

// wait answers when the operation is done, or at the deadline with what it is.
func (e *Emulator) wait(ctx context.Context, path string) (object, *Error) {
	deadline := e.Clock.Now().Add(waitDeadline)
	for {
		op, next, err := e.look(path)
		if err != nil || op["status"] == "DONE" || !e.Clock.Now().Before(deadline) {
			return op, err
		}
		select {
		case <-e.Clock.After(min(next.Sub(e.Clock.Now()), deadline.Sub(e.Clock.Now()))):
		case <-ctx.Done():
			return op, nil
		}
	}
}

// look returns an operation and when something will happen next.
func (e *Emulator) look(path string) (op object, next time.Time, err *Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	stored, ok := e.objects[path]
	if !ok {
		return nil, time.Time{}, notFound(path)
	}
	next = e.Clock.Now().Add(waitDeadline)
	if len(e.timeline) > 0 {
		next = e.timeline[0].due
	}
	return snapshot(stored), next, nil
}

func (e *Emulator) newID() string {
	e.lastID++
	return strconv.FormatUint(7_000_000_000_000_000_000+e.lastID, 10)
}

// now is the time as Compute Engine writes it.
func (e *Emulator) now() string { return e.Clock.Now().Format("2006-01-02T15:04:05.000-07:00") }
