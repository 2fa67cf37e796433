// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
	emulator "github.com/castai/omni/test/emulator/oci"
)

func TestFaultClasses(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	for name, tc := range map[string]struct {
		fault fault.Rule
		class cloud.ErrorClass
	}{
		"no host":           {emulator.OutOfHostCapacity(), cloud.ClassCapacity},
		"internal":          {fault.Rule{Code: "InternalError"}, cloud.ClassTransient},
		"service limit":     {fault.Rule{Code: "LimitExceeded"}, cloud.ClassQuota},
		"compartment quota": {fault.Rule{Code: "QuotaExceeded"}, cloud.ClassQuota},
		"throttled":         {fault.Rule{Code: "TooManyRequests"}, cloud.ClassThrottle},
		"not authenticated": {fault.Rule{Code: "NotAuthenticated"}, cloud.ClassAuth},
		"not authorized":    {fault.Rule{Code: "NotAuthorized"}, cloud.ClassAuth},
		"no permission":     {fault.Rule{Code: "NotAuthorizedOrNotFound"}, cloud.ClassAuth},
		"related":           {fault.Rule{Code: "RelatedResourceNotAuthorizedOrNotFound"}, cloud.ClassConfig},
		"invalid":           {fault.Rule{Code: "InvalidParameter"}, cloud.ClassConfig},
		"not the home":      {fault.Rule{Code: "NotAllowed"}, cloud.ClassConfig},
		"token":             {fault.Rule{Code: "InvalidatedRetryToken"}, cloud.ClassIdempotency},
		"busy":              {fault.Rule{Code: "IncorrectState"}, cloud.ClassTransient},
		"unavailable":       {fault.Rule{Code: "ServiceUnavailable"}, cloud.ClassTransient},
	} {
		t.Run(name, func(t *testing.T) {
			tc.fault.Action = "LaunchInstance"
			c.Inject(t, tc.fault)
			_, err := p.Launch(t.Context(), request(t, p, name))
			wantClass(t, err, tc.class)
		})
	}
	if all, err := p.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("refused launches left %d machines, %v", len(all), err)
	}
}

// TestLostAnswer: the machine is there, although the launch failed.
func TestLostAnswer(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	c.Inject(t, fault.Rule{Action: "LaunchInstance", Code: "ServiceUnavailable", After: true, Count: 1})
	r := request(t, p, "lost")
	_, err := p.Launch(t.Context(), r)
	wantClass(t, err, cloud.ClassTransient)
	found, err := p.FindByEdge(t.Context(), r.EdgeUID)
	if err != nil || found == nil {
		t.Fatalf("FindByEdge = %v, %v", found, err)
	}
	if again := launch(t, p, r); again.ID != found.ID {
		t.Errorf("the repeated launch gave %s, want %s", again.ID, found.ID)
	}
}

// TestHiddenMachine: a machine the cloud does not show yet is not bought again.
func TestHiddenMachine(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	c.Inject(t, fault.Rule{Action: "LaunchInstance", Hidden: metav1.Duration{Duration: time.Hour}, Count: 1})
	r := request(t, p, "hidden")
	first := launch(t, p, r)
	if found, err := p.FindByEdge(t.Context(), r.EdgeUID); found != nil || err != nil {
		t.Fatalf("FindByEdge = %v, %v, want nothing yet", found, err)
	}
	if again := launch(t, p, r); again.ID != first.ID {
		t.Errorf("the repeated launch gave %s, want %s", again.ID, first.ID)
	}
}

// TestUnknownIsNotGone: OCI answers 404 for what the credentials may not see.
func TestUnknownIsNotGone(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []fault.Rule
		class  cloud.ErrorClass
	}{
		"may list, may not read":    {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}}, cloud.ClassAuth},
		"may do nothing":            {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "NotAuthorizedOrNotFound"}}, cloud.ClassAuth},
		"the proof does not answer": {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "ServiceUnavailable"}}, cloud.ClassTransient},
		"the cloud does not answer": {[]fault.Rule{{Action: "GetInstance", Code: "ServiceUnavailable"}}, cloud.ClassTransient},
		"a 404 of something else":   {[]fault.Rule{{Action: "GetInstance", Code: "NotFound"}}, cloud.ClassConfig},
		"the proof is throttled":    {[]fault.Rule{{Action: "GetInstance", Code: "NotAuthorizedOrNotFound"}, {Action: "ListInstances", Code: "TooManyRequests"}}, cloud.ClassThrottle},
	} {
		t.Run(name, func(t *testing.T) {
			c, l := start(t)
			p := provider(t, l)
			id := launch(t, p, request(t, p, "there")).ID
			for _, f := range tc.faults {
				c.Inject(t, f)
				f.Action = strings.Replace(f.Action, "GetInstance", "TerminateInstance", 1)
				c.Inject(t, f)
			}
			i, err := p.Get(t.Context(), id)
			if i != nil {
				t.Errorf("Get = %+v", i)
			}
			wantClass(t, err, tc.class)
			wantClass(t, p.Terminate(t.Context(), id), tc.class)
		})
	}
}

func TestIDOfAnotherCloudIsNotGone(t *testing.T) {
	_, l := start(t)
	p := provider(t, l)
	const id = "i-0123456789abcdef0"
	i, err := p.Get(t.Context(), id)
	if i != nil {
		t.Errorf("Get = %+v", i)
	}
	wantClass(t, err, cloud.ClassConfig)
	wantClass(t, p.Terminate(t.Context(), id), cloud.ClassConfig)
}

func TestTerminateWhileTheMachineChanges(t *testing.T) {
	c, l := start(t)
	p := provider(t, l)
	id := launch(t, p, request(t, p, "busy")).ID
	c.Inject(t, fault.Rule{Action: "TerminateInstance", Code: "IncorrectState", Count: 1})
	wantClass(t, p.Terminate(t.Context(), id), cloud.ClassTransient)
	if err := p.Terminate(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c.Inject(t, fault.Rule{Action: "TerminateInstance", Code: "IncorrectState", Count: 1})
	if err := p.Terminate(t.Context(), id); err != nil {
		t.Errorf("ending a machine that ends: %v", err)
	}
}
