// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package oci emulates Oracle Cloud's Core, Identity and Limits services, as far as
// OMNI uses them. What a request may hold is derived from the types of oci-go-sdk,
// what the cloud does with it is written here: lifecycles, references, retry
// tokens, signatures, and the faults a cloud has.
//
// The emulator and a client in Go share one library of types: a type that is wrong
// in the SDK goes unseen here.
package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/fault"
)

// maxBodyBytes bounds a request; the largest real one is LaunchInstance with 32,000
// bytes of metadata.
const maxBodyBytes = 1 << 20

// Options say which cloud is played.
type Options struct {
	Clock clock.Clock
	// Region, for example us-ashburn-1.
	Region string
	// HomeRegion of the tenancy, where alone Identity is written. Default: Region.
	HomeRegion string
	// TenancyID is the OCID of the root compartment, CompartmentID of the one
	// below it.
	TenancyID, CompartmentID string
	// StateDelay is how long a machine stays in each state on its way.
	StateDelay time.Duration
	// PageSize is the longest page of a list. Default: 100.
	PageSize int
}

// Emulator is the HTTP handler of the emulated cloud.
type Emulator struct {
	clock    clock.Clock
	cloud    *cloud
	faults   fault.Rules
	prices   priceList
	keys     apiKeys
	admin    *http.ServeMux
	requests atomic.Int64
}

// Home is the endpoint of the tenancy's home region: the same cloud.
func (e *Emulator) Home() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), atHome{}, true)))
	})
}

// New returns an Emulator whose cloud has images, shapes and two compartments. It
// knows no API key: see AddKey.
func New(o Options) *Emulator {
	e := &Emulator{clock: o.Clock, cloud: newCloud(o), admin: http.NewServeMux()}
	e.admin.HandleFunc("GET /_emulator/healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	e.admin.Handle("/_emulator/faults", &e.faults)
	e.admin.HandleFunc("POST /_emulator/preempt/{id}", e.preempt)
	e.prices.faults = &e.faults
	e.admin.Handle("GET "+pricePath+"{$}", &e.prices)
	e.admin.Handle("/_emulator/prices", &e.prices.set)
	return e
}

// ServeHTTP answers a request as OCI would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := e.admin.Handler(r); pattern != "" {
		e.admin.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Opc-Request-Id", fmt.Sprintf("EMULATED/%08X", e.requests.Add(1)))
	answer, err := e.serve(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	answer.writeTo(w)
}

func (e *Emulator) serve(w http.ResponseWriter, r *http.Request) (*answer, *Error) {
	body, readErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](readErr); tooLarge {
		return nil, refuse("PayloadTooLarge", "The request is larger than %d bytes", maxBodyBytes)
	} else if readErr != nil {
		return nil, refuse("CannotParseRequest", "The request ended early: %v", readErr)
	}
	user, err := e.verify(r, body)
	if err != nil {
		return nil, err
	}
	op, vars := route(r.Method, r.URL.Path)
	if op == nil {
		return nil, refuse("NotFound", "No operation is supported at %s %s", r.Method, r.URL.Path)
	}
	details, err := op.validate(r, body)
	if err != nil {
		return nil, err
	}
	if err := e.cloud.checkHome(r, op); err != nil {
		return nil, err
	}
	c := &call{user: user, op: op, vars: vars, query: r.URL.Query(), body: body, details: details, retryToken: r.Header.Get("Opc-Retry-Token")}
	if err := e.cloud.authorize(c); err != nil {
		return nil, err
	}
	rule := e.faults.Take(c.suffers)
	if rule == nil {
		return e.answer(c)
	}
	if rule.Wait(r.Context(), e.clock) != nil {
		return nil, refuse("ServiceUnavailable", "The caller went away.")
	}
	if err := failure(rule); err != nil && !rule.After {
		return nil, err
	}
	c.hidden = rule.Hidden.Duration
	answer, err := e.answer(c)
	if err == nil && rule.After {
		err = failure(rule)
	}
	return answer, err
}

// answer is what the cloud does; API keys are also what it authenticates by.
func (e *Emulator) answer(c *call) (*answer, *Error) {
	switch c.op.name {
	case "UploadApiKey":
		return e.cloud.uploadKey(c, &e.keys)
	case "DeleteApiKey":
		return e.cloud.deleteKey(c, &e.keys)
	}
	return e.cloud.do(c)
}

// preempt takes a preemptible machine back.
func (e *Emulator) preempt(w http.ResponseWriter, r *http.Request) {
	if err := e.cloud.preempt(r.PathValue("id")); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// call is a request that is well formed.
type call struct {
	// user is the OCID of who signed it.
	user       string
	op         *operation
	vars       map[string]string
	query      url.Values
	body       []byte
	details    object
	retryToken string
	// hidden is how long what the call creates is not seen.
	hidden time.Duration
}

// answer of the cloud. A string body is plain text, nil is none.
type answer struct {
	body any
	// nextPage is where the list goes on, empty at its end.
	nextPage string
}

func (a *answer) writeTo(w http.ResponseWriter) {
	if a.nextPage != "" {
		w.Header().Set("Opc-Next-Page", a.nextPage)
	}
	switch body := a.body.(type) {
	case nil:
		w.WriteHeader(http.StatusNoContent)
	case string:
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, body)
	default:
		writeJSON(w, http.StatusOK, body)
	}
}

func writeError(w http.ResponseWriter, err *Error) {
	writeJSON(w, err.Status, object{"code": err.Code, "message": err.Message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller went away
}
