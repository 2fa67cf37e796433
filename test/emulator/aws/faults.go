// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is a rule of POST /_emulator/faults. The first rule that matches a request
// delays it, fails it, or both; Count of them are hit, then the rule is gone.
type Fault struct {
	// Action of the request, for example RunInstances.
	Action string `json:"action"`
	// InstanceType narrows the rule to one type.
	InstanceType string `json:"instanceType,omitempty"`
	// Zone narrows the rule to one availability zone, found by the placement
	// or the subnet of the request.
	Zone string `json:"zone,omitempty"`
	// Code is the error to answer with, for example InsufficientInstanceCapacity,
	// RequestLimitExceeded or UnauthorizedOperation. Empty: no error.
	Code string `json:"code,omitempty"`
	// Message of the error. Default: "injected by the emulator".
	Message string `json:"message,omitempty"`
	// After lets the cloud do its work and loses the answer.
	After bool `json:"after,omitempty"`
	// Delay comes before everything else. Example: 500ms.
	Delay metav1.Duration `json:"delay,omitzero"`
	// Count is how many requests are hit; 0 means every one, until cleared.
	// The SDKs repeat 5xx answers by themselves (three times by default).
	Count int `json:"count,omitempty"`
}

func (f *Fault) err() *Error {
	if f.Code == "" {
		return nil
	}
	message := f.Message
	if message == "" {
		message = "injected by the emulator"
	}
	return &Error{f.Code, message}
}

// faults is the ordered list of rules. The zero value is empty and ready.
type faults struct {
	mu    sync.Mutex
	rules []*Fault
}

// take returns the first rule that matches, and uses it up by one; nil if none does.
// zoneOf is asked only when a rule is about a zone.
func (f *faults) take(ctx context.Context, req *request, zoneOf func(context.Context, *request) string) *Fault {
	zone := ""
	if f.needZone(req) {
		zone = zoneOf(ctx, req)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.rules, func(rule *Fault) bool {
		return rule.matches(req) && (rule.Zone == "" || rule.Zone == zone)
	})
	if i < 0 {
		return nil
	}
	rule := f.rules[i]
	if rule.Count == 1 {
		f.rules = slices.Delete(f.rules, i, i+1)
	} else if rule.Count > 1 {
		rule.Count--
	}
	taken := *rule
	return &taken
}

// matches leaves the zone out.
func (f *Fault) matches(req *request) bool {
	return f.Action == req.action && (f.InstanceType == "" || f.InstanceType == req.params.Get("InstanceType"))
}

func (f *faults) needZone(req *request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.rules, func(rule *Fault) bool { return rule.Zone != "" && rule.matches(req) })
}

func (f *faults) list(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"faults": f.rules})
}

func (f *faults) add(w http.ResponseWriter, r *http.Request) {
	rule := &Fault{}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(rule); err != nil {
		http.Error(w, "fault: "+err.Error(), http.StatusBadRequest)
		return
	}
	if rule.Action == "" || (rule.Code == "" && rule.Delay.Duration == 0) || rule.Count < 0 {
		http.Error(w, "fault: action and one of code and delay are needed; count must not be negative", http.StatusBadRequest)
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
func (e *Emulator) suffer(ctx context.Context, fault *Fault) *Error {
	if fault == nil {
		return nil
	}
	if err := e.delay(ctx, fault.Delay.Duration); err != nil {
		return err
	}
	if fault.After {
		return nil
	}
	return fault.err()
}

func (e *Emulator) delay(ctx context.Context, d time.Duration) *Error {
	if d <= 0 {
		return nil
	}
	select {
	case <-e.clock.After(d):
		return nil
	case <-ctx.Done():
		return &Error{"RequestTimeout", "The caller went away."}
	}
}
