// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package gcp is a schema-faithful emulator of the parts of Google Cloud that OMNI
// uses: Compute Engine, IAM, Resource Manager, Service Usage, the price list of
// Cloud Billing and the token endpoints. Requests are routed and validated by Google's own discovery documents;
// what the services do with a request (lifecycle, quotas, permissions) is ours, so
// nothing that passes here is verified against Google Cloud.
package gcp

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/fault"
)

// maxBodyBytes bounds a request; the largest real one has 512 KiB of metadata.
const maxBodyBytes = 1 << 20

// Options are what an emulated cloud needs.
type Options struct {
	// API describes the requests.
	API *API
	// BaseURL is where the emulator is reached; links in answers begin with it.
	BaseURL string
	// Project that exists, and its number.
	Project, ProjectNumber string
	// Step is the time between two states of a machine.
	Step  time.Duration
	Clock clock.Clock
}

// Emulator is the HTTP handler of the emulated cloud.
type Emulator struct {
	Options
	faults fault.Rules
	market market
	admin  *http.ServeMux

	mu sync.Mutex
	// objects by path, as in projects/p/zones/z/instances/n.
	objects map[string]object
	serial  map[string]string
	// deleted says since when things are that can be brought back, or whose names
	// are not free yet.
	deleted map[string]time.Time
	// requests are the operations of the requestIds.
	requests map[string]string
	// timeline is what will happen by itself, in order.
	timeline []event
	lastID   uint64
	// tokens that were issued, and what the admin said of callers.
	tokens  map[string]issued
	callers map[string]Caller
}

// New returns an emulator with one empty project.
func New(o Options) *Emulator {
	e := &Emulator{
		Options: o, admin: http.NewServeMux(),
		objects: map[string]object{}, serial: map[string]string{}, requests: map[string]string{},
		deleted: map[string]time.Time{}, tokens: map[string]issued{}, callers: map[string]Caller{},
	}
	e.seed()
	e.admin.HandleFunc("GET /_emulator/healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	e.admin.Handle("/_emulator/faults", &e.faults)
	e.admin.HandleFunc("GET /_emulator/objects", e.getObjects)
	e.admin.HandleFunc("PUT /_emulator/callers/{caller}", e.putCaller)
	e.admin.HandleFunc("PUT /_emulator/quotas/{region}/{metric}", e.putQuota)
	e.admin.Handle("/_emulator/prices", &e.market.set)
	e.admin.HandleFunc("POST /_emulator/preempt/{path...}", e.preempt)
	e.admin.HandleFunc("POST /v1/token", e.exchangeToken)
	e.admin.HandleFunc("POST /token", e.keyToken)
	return e
}

// call is a request, read and checked.
type call struct {
	method *Method
	// path of the resource, without the service's own prefix.
	path string
	// values of the path and the query.
	values map[string]string
	body   object
	caller string
	// failure is what the operation is to end with, or the list to warn of.
	failure *fault.Rule
}

// ServeHTTP answers a request as the cloud would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := e.admin.Handler(r); pattern != "" {
		e.admin.ServeHTTP(w, r)
		return
	}
	c, err := e.read(w, r)
	if err == nil {
		err = e.authorize(c)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	rule := e.faults.Take(c.suffers)
	if rule != nil {
		if rule.Wait(r.Context(), e.Clock) != nil {
			return // nobody is listening any more
		}
		if rule.Code != "" && c.failsLater(rule) {
			c.failure = rule
		} else if err := failure(rule); err != nil && !rule.After {
			writeError(w, err)
			return
		}
	}
	answer, err := e.answer(r.Context(), c)
	if err == nil && rule != nil && rule.After {
		err = failure(rule)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// read routes a request, says who calls, and checks it against the documents.
func (e *Emulator) read(w http.ResponseWriter, r *http.Request) (*call, *Error) {
	method, variables := e.API.Route(r.Method, r.URL.Path)
	if method == nil {
		return nil, newError("notFound", "The requested URL %s was not found on this server.", r.URL.Path)
	}
	c := &call{method: method, values: variables, body: object{}}
	c.path = strings.TrimPrefix(strings.Trim(r.URL.Path, "/"), method.service.ServicePath)
	var err *Error
	if c.caller, err = e.authenticate(r.Header.Get("Authorization")); err != nil {
		return nil, err
	}
	query := r.URL.Query()
	if err := method.validateParameters(variables, query); err != nil {
		return nil, err
	}
	for name := range query {
		c.values[name] = query.Get(name)
	}
	raw, readErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if readErr == nil && len(raw) > 0 {
		readErr = json.Unmarshal(raw, &c.body)
	}
	if readErr != nil {
		return nil, invalid("Invalid JSON payload received. %v", readErr)
	}
	return c, method.validateBody(c.body)
}

// suffers says whether a rule is about this request.
func (c *call) suffers(rule *fault.Rule) bool {
	return rule.Action == c.method.ID && (rule.Zone == "" || rule.Zone == c.values["zone"]) &&
		(rule.InstanceType == "" || rule.InstanceType == base(text(c.body["machineType"])))
}

// failsLater says whether an error belongs into the operation, or the warning
// UNREACHABLE into the list: those codes are in capitals.
func (c *call) failsLater(rule *fault.Rule) bool {
	return c.method.service.Name == "compute" && rule.Code == strings.ToUpper(rule.Code) &&
		(c.method.HTTPMethod != http.MethodGet || c.method.verb() == "aggregatedList")
}

func failure(rule *fault.Rule) *Error {
	if rule.Code == "" {
		return nil
	}
	err := newError(rule.Code, "%s", rule.Words())
	if rule.Status != 0 {
		err.Status = rule.Status
	}
	return err
}

// answer is what the cloud says. Waiting for an operation locks nothing.
func (e *Emulator) answer(ctx context.Context, c *call) (object, *Error) {
	if strings.HasSuffix(c.method.collection(), "Operations") && c.method.verb() == "wait" {
		return e.wait(ctx, strings.TrimSuffix(c.path, "/wait"))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	answer, err := e.dispatch(c)
	if err != nil {
		return nil, err
	}
	return snapshot(answer), nil
}

func (e *Emulator) dispatch(c *call) (object, *Error) {
	switch c.method.service.Name {
	case "compute":
		return e.compute(c)
	case "cloudbilling":
		return e.market.list(c)
	}
	return e.identity(c)
}

// getObjects handles GET /_emulator/objects: all that is stored, by its path.
func (e *Emulator) getObjects(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	e.purge()
	out := object{}
	for path, o := range e.objects {
		if !strings.HasPrefix(path, "keys/") {
			out[path] = o
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// snapshot is the answer as it is now: what is stored goes on changing.
func snapshot(answer object) object {
	return copyOf(answer).(object)
}

func copyOf(value any) any {
	switch x := value.(type) {
	case object:
		out := maps.Clone(x)
		for key, child := range out {
			out[key] = copyOf(child)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, child := range x {
			out[i] = copyOf(child)
		}
		return out
	}
	return value
}
