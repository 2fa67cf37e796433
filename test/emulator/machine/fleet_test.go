// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	testingclock "k8s.io/utils/clock/testing"
)

// scripted is a Cloud that answers one Running at a time, as the test says.
type scripted struct {
	running  chan []string
	userData string
}

func (s *scripted) Running(ctx context.Context) ([]string, error) {
	select {
	case ids := <-s.running:
		if ids == nil {
			return nil, errors.New("the cloud is down")
		}
		return ids, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *scripted) Instance(context.Context, string) (Instance, error) { return Instance{}, nil }

func (s *scripted) UserData(context.Context, string) ([]byte, error) { return []byte(s.userData), nil }

func get(f *Fleet, path string) (int, string) {
	w := httptest.NewRecorder()
	Handler(&Fleet{}, f).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// TestFleet sees a machine with broken user data come and go.
func TestFleet(t *testing.T) {
	cloud := &scripted{running: make(chan []string), userData: "#!/bin/sh\n"}
	clk := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	f := &Fleet{Cloud: cloud, PollInterval: time.Second, Clock: clk, StateDir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()

	// A poll that begins says that the one before has ended.
	next := func(ids []string) { cloud.running <- ids; clk.Step(time.Second) }
	next([]string{"i-1"})
	next([]string{"i-1"})
	err := wait.PollUntilContextCancel(ctx, time.Millisecond, true, func(context.Context) (bool, error) {
		_, log := get(f, "/console/i-1")
		return strings.Contains(log, "boot failed for good: user data: the first line is"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	next(nil) // not knowing stops nothing
	next([]string{"i-1"})
	next([]string{})
	next([]string{})
	cancel()
	<-done

	code, log := get(f, "/console/i-1")
	if code != http.StatusOK || strings.Count(log, "power on") != 1 || strings.Count(log, "power off") != 1 {
		t.Errorf("%d %s", code, log)
	}
	if code, _ := get(f, "/console/i-2"); code != http.StatusNotFound {
		t.Errorf("the console of an unknown machine: %d", code)
	}
}

func TestHealth(t *testing.T) {
	f := &Fleet{Name: "a cloud", polled: errNotPolled}
	if code, body := get(f, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "a cloud: the cloud was not asked yet") {
		t.Errorf("before the first poll: %d %s", code, body)
	}
	f.polled = nil
	if code, _ := get(f, "/healthz"); code != http.StatusOK {
		t.Errorf("after a poll: %d", code)
	}
}
