// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

func TestLaunchErrors(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	for code, test := range map[string]struct {
		status int
		want   cloud.ErrorClass
	}{
		// In the operation's error.
		"ZONE_RESOURCE_POOL_EXHAUSTED":              {want: cloud.ClassCapacity},
		"ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS": {want: cloud.ClassCapacity},
		"IP_SPACE_EXHAUSTED_WITH_DETAILS":           {want: cloud.ClassCapacity},
		"QUOTA_EXCEEDED":                            {want: cloud.ClassQuota},
		"RESOURCE_OPERATION_RATE_EXCEEDED":          {want: cloud.ClassThrottle},
		"PERMISSIONS_ERROR":                         {want: cloud.ClassAuth},
		"CONDITION_NOT_MET":                         {want: cloud.ClassConfig},
		"INTERNAL_ERROR":                            {want: cloud.ClassTransient},
		"SOMETHING_NEW":                             {want: cloud.ClassTransient},
		// In the answer itself.
		"quotaExceeded":       {want: cloud.ClassQuota},
		"rateLimitExceeded":   {want: cloud.ClassThrottle},
		"somethingElse":       {status: http.StatusTooManyRequests, want: cloud.ClassThrottle},
		"forbidden":           {want: cloud.ClassAuth},
		"accessNotConfigured": {want: cloud.ClassConfig},
		"invalid":             {want: cloud.ClassConfig},
		"backendError":        {want: cloud.ClassTransient},
		"internalError":       {want: cloud.ClassTransient},
	} {
		t.Run(code, func(t *testing.T) {
			faulttest.Inject(t, endpoint, fault.Rule{Action: "compute.instances.insert", Code: code, Status: test.status})
			_, err := p.Launch(t.Context(), request(tokenOf(code), "cast-fault"))
			if cloud.ClassOf(err) != test.want || !strings.Contains(err.Error(), "injected by the emulator") {
				t.Errorf("err = %v, want the class %s", err, test.want)
			}
		})
	}
	if all, err := p.List(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("List = %+v, %v, want nothing left", all, err)
	}
	t.Run("a type that the zone does not have", func(t *testing.T) {
		r := request(tokenOf("type"), "cast-type")
		r.InstanceType = "e9-standard-2"
		if _, err := p.Launch(t.Context(), r); cloud.ClassOf(err) != cloud.ClassCapacity || !strings.Contains(err.Error(), "does not offer e9-standard-2") {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassCapacity)
		}
	})
	t.Run("a quota of the region", func(t *testing.T) {
		gcptest.Do(t, http.MethodPut, endpoint+"/_emulator/quotas/"+gcptest.Region+"/CPUS", map[string]any{"limit": 1})
		_, err := p.Launch(t.Context(), request(tokenOf("quota"), "cast-quota"))
		if cloud.ClassOf(err) != cloud.ClassQuota || !strings.Contains(err.Error(), "'CPUS'") {
			t.Errorf("err = %v, want the class %s and the name of the quota", err, cloud.ClassQuota)
		}
	})
}

// TestLostAnswers repeats what the cloud did without our hearing of it: there is
// one machine in the end.
func TestLostAnswers(t *testing.T) {
	for name, rule := range map[string]fault.Rule{
		"of the insertion":       {Action: "compute.instances.insert", Code: "backendError", After: true, Count: 1},
		"of the operation":       {Action: "compute.zoneOperations.wait", Code: "backendError", Count: 1},
		"of the look afterwards": {Action: "compute.instances.get", Code: "backendError", Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := gcptest.Start(t)
			p := provider(t, keyless(t, endpoint))
			faulttest.Inject(t, endpoint, rule)
			r := request(tokenOf("lost"), "cast-lost")
			if _, err := p.Launch(t.Context(), r); cloud.ClassOf(err) != cloud.ClassTransient || err == nil {
				t.Fatalf("err = %v, want the class %s", err, cloud.ClassTransient)
			}
			i, err := p.Launch(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if all, err := p.List(t.Context()); len(all) != 1 || all[0].ID != i.ID || err != nil {
				t.Errorf("List = %+v, %v, want one machine", all, err)
			}
		})
	}
}

// TestForgottenRequest repeats a launch whose request ID the cloud has forgotten:
// the name is taken by the very machine.
func TestForgottenRequest(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	r := request(tokenOf("forgotten"), "cast-forgotten")
	first, err := p.Launch(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	faulttest.Inject(t, endpoint, fault.Rule{Action: "compute.instances.insert", Code: "alreadyExists"})
	if again, err := p.Launch(t.Context(), r); err != nil || again.ID != first.ID {
		t.Errorf("Launch = %+v, %v, want %s", again, err, first.ID)
	}
	r.InstanceType = "e2-standard-4"
	if _, err := p.Launch(t.Context(), r); cloud.ClassOf(err) != cloud.ClassIdempotency {
		t.Errorf("err = %v, want the class %s", err, cloud.ClassIdempotency)
	}
}

// TestEventualConsistency launches a machine that is not shown for a while.
func TestEventualConsistency(t *testing.T) {
	endpoint := gcptest.Start(t)
	p := provider(t, keyless(t, endpoint))
	r := request(tokenOf("late"), "cast-late")
	faulttest.Inject(t, endpoint, fault.Rule{
		Action: "compute.instances.get", Code: "notFound", Message: "The resource '" + machinePath(r.Name) + "' was not found", Count: 1,
	})
	i, err := p.Launch(t.Context(), r)
	if err != nil || i.ID != gcptest.Zone+"/"+r.Name || i.State != cloud.StatePending || i.LaunchTime.IsZero() {
		t.Errorf("Launch = %+v, %v", i, err)
	}
}

// TestNotKnowing: none of these says that a machine is gone.
func TestNotKnowing(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	p := provider(t, l)
	i, err := p.Launch(t.Context(), request(tokenOf("there"), "cast-there"))
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range map[string]fault.Rule{
		"unavailable":         {Action: "compute.instances.get", Code: "backendError"},
		"throttled":           {Action: "compute.instances.get", Code: "rateLimitExceeded"},
		"the project is gone": {Action: "compute.instances.get", Code: "notFound", Message: "The resource 'projects/omni-test' was not found"},
	} {
		t.Run(name, func(t *testing.T) {
			faulttest.Inject(t, endpoint, rule)
			if _, err := p.Get(t.Context(), i.ID); err == nil {
				t.Error("Get: no error, so the machine counts as gone")
			}
		})
	}
	for _, code := range []string{"backendError", "UNREACHABLE"} {
		t.Run("list "+code, func(t *testing.T) {
			faulttest.Inject(t, endpoint, fault.Rule{Action: "compute.instances.aggregatedList", Code: code})
			if _, err := p.FindByEdge(t.Context(), i.EdgeUID); err == nil || cloud.ClassOf(err) != cloud.ClassTransient {
				t.Errorf("FindByEdge: err = %v, want the class %s", err, cloud.ClassTransient)
			}
		})
	}
	l.Endpoint = "http://127.0.0.1:1"
	away := provider(t, l)
	if _, err := away.Get(t.Context(), i.ID); cloud.ClassOf(err) != cloud.ClassTransient || err == nil {
		t.Errorf("nobody answers: err = %v, want the class %s", err, cloud.ClassTransient)
	}
}
