// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package fault is the admin API by which an emulated cloud is told to fail: the
// same rules for every cloud.
package fault

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
)

// maxBodyBytes bounds a rule.
const maxBodyBytes = 1 << 16

// Rule delays or fails the requests it matches, or both. The first rule that
// matches is used; Count of them are hit, then the rule is gone.
type Rule struct {
	// Action of the request as the cloud names it, for example
	// compute.instances.insert.
	Action string `json:"action"`
	// InstanceType narrows the rule to one type.
	InstanceType string `json:"instanceType,omitempty"`
	// Zone narrows the rule to one zone.
	Zone string `json:"zone,omitempty"`
	// Code is the error to answer with. Empty: no error.
	Code string `json:"code,omitempty"`
	// Status is the HTTP status of the error; 0 means the code's usual one. For
	// Google Cloud only: AWS has one status for each code.
	Status int `json:"status,omitempty"`
	// Message of the error. Default: "injected by the emulator".
	Message string `json:"message,omitempty"`
	// After lets the cloud do its work and loses the answer.
	After bool `json:"after,omitempty"`
	// Delay comes before everything else. Example: 500ms.
	Delay metav1.Duration `json:"delay,omitzero"`
	// Hidden is how long what the request makes is not seen by others: clouds are
	// eventually consistent. Not every emulator can do it.
	Hidden metav1.Duration `json:"hidden,omitzero"`
	// Count is how many requests are hit; 0 means every one, until cleared.
	Count int `json:"count,omitempty"`
}

// Words is the message of the error.
func (r *Rule) Words() string {
	if r.Message == "" {
		return "injected by the emulator"
	}
	return r.Message
}

// Wait sits out the delay of the rule. It fails when the caller goes away.
func (r *Rule) Wait(ctx context.Context, clk clock.Clock) error {
	if r.Delay.Duration <= 0 {
		return nil
	}
	select {
	case <-clk.After(r.Delay.Duration):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Rules is the ordered list of rules, and its HTTP handler: GET lists them, POST
// appends one, DELETE forgets all. The zero value is empty and ready.
type Rules struct {
	mu    sync.Mutex
	rules []*Rule
}

// Take returns the first rule that matches, and uses it up by one; nil if none does.
func (f *Rules) Take(match func(*Rule) bool) *Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.rules, match)
	if i < 0 {
		return nil
	}
	taken := *f.rules[i]
	switch taken.Count {
	case 0:
	case 1:
		f.rules = slices.Delete(f.rules, i, i+1)
	default:
		f.rules[i].Count--
	}
	return &taken
}

// Any says whether a rule matches, and uses up none.
func (f *Rules) Any(match func(*Rule) bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.rules, match)
}

// ServeHTTP implements http.Handler.
func (f *Rules) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		f.list(w)
	case http.MethodPost:
		f.add(w, r)
	case http.MethodDelete:
		f.mu.Lock()
		f.rules = nil
		f.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		http.Error(w, "faults: GET, POST or DELETE", http.StatusMethodNotAllowed)
	}
}

func (f *Rules) list(w http.ResponseWriter) {
	f.mu.Lock()
	out, err := json.Marshal(map[string]any{"faults": f.rules})
	f.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(out)
}

func (f *Rules) add(w http.ResponseWriter, r *http.Request) {
	rule := &Rule{}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	d.DisallowUnknownFields()
	err := d.Decode(rule)
	if err == nil && (rule.Action == "" || (rule.Code == "" && rule.Delay.Duration == 0 && rule.Hidden.Duration == 0) || rule.Count < 0) {
		err = errors.New("action and one of code, delay and hidden are needed; count must not be negative")
	}
	if err != nil {
		http.Error(w, "fault: "+err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, rule)
	w.WriteHeader(http.StatusCreated)
}
