// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func send(f *Rules, method, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(method, "/_emulator/faults", strings.NewReader(body)))
	return w
}

func TestRules(t *testing.T) {
	f := &Rules{}
	launches := func(r *Rule) bool { return r.Action == "launch" }
	if f.Take(launches) != nil {
		t.Error("a fault without a rule")
	}
	for _, body := range []string{`{"action":"other","code":"a"}`, `{"action":"launch","code":"b","count":2}`, `{"action":"launch","code":"c"}`} {
		if w := send(f, http.MethodPost, body); w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	for i, want := range []string{"b", "b", "c", "c"} { // in order; no count means for ever
		if got := f.Take(launches); got == nil || got.Code != want || got.Words() != "injected by the emulator" {
			t.Errorf("fault %d: %+v, want the code %s", i, got, want)
		}
	}
	if w := send(f, http.MethodGet, ""); strings.Contains(w.Body.String(), `"b"`) || !strings.Contains(w.Body.String(), `"c"`) {
		t.Errorf("list: %s", w.Body)
	}
	if w := send(f, http.MethodDelete, ""); w.Code != http.StatusNoContent || f.Take(launches) != nil {
		t.Errorf("delete: %d", w.Code)
	}
}

func TestBadRules(t *testing.T) {
	for name, body := range map[string]string{
		"no action": `{"code":"a"}`, "does nothing": `{"action":"a"}`, "negative": `{"action":"a","code":"b","count":-1}`,
		"unknown field": `{"action":"a","code":"b","times":1}`, "no JSON": `action`,
	} {
		t.Run(name, func(t *testing.T) {
			f := &Rules{}
			if w := send(f, http.MethodPost, body); w.Code != http.StatusBadRequest || f.Take(func(*Rule) bool { return true }) != nil {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	if w := send(&Rules{}, http.MethodPut, ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}
