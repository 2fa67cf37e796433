// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is a rule of POST /_emulator/faults, as in the AWS emulator. The first rule
// that matches a request delays it, fails it, or both; Count of them are hit, then
// the rule is gone.
type Fault struct {
	// Action is the operation, for example LaunchInstance.
	Action string `json:"action"`
	// InstanceType narrows the rule to one shape, as VM.Standard.E5.Flex.
	InstanceType string `json:"instanceType,omitempty"`
	// Zone narrows the rule to one availability domain, with its prefix.
	Zone string `json:"zone,omitempty"`
	// Code is the error to answer with, for example InternalError,
	// LimitExceeded or TooManyRequests. Its status follows. Empty: no error.
	Code string `json:"code,omitempty"`
	// Message of the error. Default: "injected by the emulator".
	Message string `json:"message,omitempty"`
	// After lets the cloud do its work and loses the answer.
	After bool `json:"after,omitempty"`
	// Delay comes before everything else. Example: 500ms.
	Delay metav1.Duration `json:"delay,omitzero"`
	// Hidden is how long what the request creates is not seen by others: the
	// cloud is eventually consistent.
	Hidden metav1.Duration `json:"hidden,omitzero"`
	// Count is how many requests are hit; 0 means every one, until cleared.
	Count int `json:"count,omitempty"`
}

// OutOfHostCapacity is the fault of a cloud without such machines: OCI answers it
// as an internal error, and only the message tells.
func OutOfHostCapacity() Fault {
	return Fault{Action: "LaunchInstance", Code: "InternalError", Message: "Out of host capacity."}
}

func (f *Fault) err() *Error {
	if f.Code == "" {
		return nil
	}
	message := f.Message
	if message == "" {
		message = "injected by the emulator"
	}
	return refuse(f.Code, "%s", message)
}

func (f *Fault) matches(c *call) bool {
	return f.Action == c.op.name && (f.InstanceType == "" || f.InstanceType == c.details["shape"]) &&
		(f.Zone == "" || f.Zone == c.details["availabilityDomain"])
}

// check says what is wrong with a rule.
func (f *Fault) check() *Error {
	known := slices.ContainsFunc(operations, func(o operation) bool { return o.name == f.Action })
	switch {
	case !known:
		return refuse("InvalidParameter", "fault: action %q is no operation such as LaunchInstance", f.Action)
	case f.Code != "" && statuses[f.Code] == 0:
		return refuse("InvalidParameter", "fault: code %q is no code of OCI such as InternalError", f.Code)
	case f.Code == "" && f.Delay.Duration == 0 && f.Hidden.Duration == 0, f.Count < 0:
		return refuse("InvalidParameter", "fault: one of code, delay and hidden is needed; count must not be negative")
	}
	return nil
}

// faults is the ordered list of rules. The zero value is empty and ready.
type faults struct {
	mu    sync.Mutex
	rules []*Fault
}

// take returns the first rule that matches, and uses it up by one; the zero Fault
// if none does.
func (f *faults) take(c *call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.rules, func(rule *Fault) bool { return rule.matches(c) })
	if i < 0 {
		return Fault{}
	}
	rule := f.rules[i]
	if rule.Count == 1 {
		f.rules = slices.Delete(f.rules, i, i+1)
	} else if rule.Count > 1 {
		rule.Count--
	}
	return *rule
}

func (f *faults) list(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	writeJSON(w, http.StatusOK, object{"faults": f.rules})
}

func (f *faults) add(w http.ResponseWriter, r *http.Request) {
	rule := &Fault{}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(rule); err != nil {
		http.Error(w, "fault: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := rule.check(); err != nil {
		writeError(w, err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, rule)
	w.WriteHeader(http.StatusCreated)
}

func (f *faults) clear(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
	w.WriteHeader(http.StatusNoContent)
}

// suffer waits out the delay of a fault and returns its error, if it is one that
// comes before the cloud's work.
func (e *Emulator) suffer(ctx context.Context, fault Fault) *Error {
	if d := fault.Delay.Duration; d > 0 {
		select {
		case <-e.clock.After(d):
		case <-ctx.Done():
			return refuse("ServiceUnavailable", "The caller went away.")
		}
	}
	if fault.After {
		return nil
	}
	return fault.err()
}
