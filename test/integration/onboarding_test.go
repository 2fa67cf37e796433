// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func (s *testServer) createLocation(t *testing.T, name string) *v1beta1.EdgeLocation {
	t.Helper()
	location, err := s.client().OmniV1beta1().EdgeLocations(namespace).Create(context.Background(), newLocation(name), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func (s *testServer) location(t *testing.T, name string) *v1beta1.EdgeLocation {
	t.Helper()
	location, err := s.client().OmniV1beta1().EdgeLocations(namespace).Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func encode(t *testing.T, object any) []byte {
	t.Helper()
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (s *testServer) mint(t *testing.T, location string) v1beta1.OnboardScriptRequestStatus {
	t.Helper()
	answer := s.do("onboarder", http.MethodPost, path("edgelocations", location, "onboard-script"), nil, encode(t, &v1beta1.OnboardScriptRequest{}))
	var got v1beta1.OnboardScriptRequest
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || answer.code != http.StatusCreated {
		t.Fatalf("mint: %d %s %v", answer.code, answer.body, err)
	}
	return got.Status
}

func (s *testServer) onboard(t *testing.T, user, location, token string, aws *v1beta1.AWSLocation) response {
	t.Helper()
	return s.do(user, http.MethodPost, path("edgelocations", location, "onboarding"), nil,
		encode(t, &v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{Token: token, AWS: aws}}))
}

// testContentTypes: a body that is no Kubernetes object of the endpoint is refused.
func testContentTypes(t *testing.T, s *testServer) {
	s.createLocation(t, "content")
	for _, name := range []string{"onboard-script", "onboarding"} {
		at := path("edgelocations", "content", name)
		for contentType, code := range map[string]int{
			"text/plain": http.StatusUnsupportedMediaType, "application/x-www-form-urlencoded": http.StatusUnsupportedMediaType,
			"application/vnd.kubernetes.protobuf": http.StatusUnsupportedMediaType, "text/x-shellscript": http.StatusUnsupportedMediaType,
		} {
			if answer := s.do("onboarder", http.MethodPost, at, map[string]string{"Content-Type": contentType}, []byte("{}")); answer.code != code {
				t.Errorf("%s as %s: %d %s, want %d", name, contentType, answer.code, answer.body, code)
			}
		}
		for body, want := range map[string]string{
			"#!/bin/bash": "invalid character", `{"kind":"Edge","apiVersion":"omni.cast.ai/v1beta1"}`: "Edge", `{"spec":{"expirationSeconds":"1","token":1}}`: "spec",
		} {
			if answer := s.do("onboarder", http.MethodPost, at, nil, []byte(body)); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, want) {
				t.Errorf("%s of %s: %d %s, want 400 with %q", name, body, answer.code, answer.body, want)
			}
		}
		unknown := []byte(`{"kind":"` + map[string]string{"onboard-script": "OnboardScriptRequest", "onboarding": "Onboarding"}[name] + `","apiVersion":"omni.cast.ai/v1beta1","spec":{"tokn":"x"}}`)
		if answer := s.do("onboarder", http.MethodPost, at+"?fieldValidation=Strict", nil, unknown); answer.code != http.StatusBadRequest || !strings.Contains(answer.body, "spec.tokn") {
			t.Errorf("%s with an unknown field: %d %s, want 400 with the field", name, answer.code, answer.body)
		}
	}
}

// testClockSkew: one replica mints, another with another clock is asked.
func testClockSkew(t *testing.T, s *testServer) {
	defer s.clock.SetTime(start)
	for name, test := range map[string]struct {
		ahead time.Duration // the clock that mints is ahead of the clock that checks
		code  int
		want  string
	}{
		"a little":   {ahead: 5 * time.Minute, code: http.StatusCreated},
		"a day":      {ahead: 24 * time.Hour, code: http.StatusUnauthorized, want: "clocks"},
		"behind":     {ahead: -30 * time.Minute, code: http.StatusCreated},
		"far behind": {ahead: -2 * time.Hour, code: http.StatusUnauthorized, want: "expired"},
	} {
		location := "skew-" + strings.ReplaceAll(name, " ", "-")
		s.createLocation(t, location)
		s.clock.SetTime(start.Add(test.ahead))
		minted := s.mint(t, location)
		s.clock.SetTime(start)
		answer := s.onboard(t, "", location, minted.Token, newAWS())
		if answer.code != test.code || !strings.Contains(answer.body, test.want) {
			t.Errorf("%s: %d %s, want %d with %q", name, answer.code, answer.body, test.code, test.want)
		}
	}
}

func testMint(t *testing.T, s *testServer) {
	s.createLocation(t, "mint")
	minted := s.mint(t, "mint")
	if !strings.Contains(minted.Script, minted.Token) || !minted.ExpirationTime.Time.Equal(s.clock.Now().Add(time.Hour)) {
		t.Errorf("script without the token, or expiration %s is not in an hour", minted.ExpirationTime)
	}
	stored := string(encode(t, s.location(t, "mint")))
	if strings.Contains(stored, minted.Token) {
		t.Error("the token is stored")
	}
	if again := s.mint(t, "mint"); again.Token == minted.Token {
		t.Error("the same token was minted twice")
	}
	if answer := s.onboard(t, "", "mint", minted.Token, newAWS()); answer.code != http.StatusForbidden {
		t.Errorf("a revoked token: %d, want 403", answer.code)
	}
	for _, user := range []string{"", "viewer", "editor"} {
		if answer := s.do(user, http.MethodPost, path("edgelocations", "mint", "onboard-script"), nil, encode(t, &v1beta1.OnboardScriptRequest{})); answer.code != http.StatusForbidden {
			t.Errorf("mint as %q: %d, want 403", user, answer.code)
		}
	}
	request := &v1beta1.OnboardScriptRequest{Spec: v1beta1.OnboardScriptRequestSpec{ExpirationSeconds: 5}}
	answer := s.do("onboarder", http.MethodPost, path("edgelocations", "mint", "onboard-script"), nil, encode(t, request))
	if answer.code != http.StatusUnprocessableEntity || !strings.Contains(answer.body, "spec.expirationSeconds") {
		t.Errorf("too short a life: %d %s, want 422 with the field", answer.code, answer.body)
	}
}

func testOnboardingToken(t *testing.T, s *testServer) {
	s.createLocation(t, "token")
	minted := s.mint(t, "token")
	before := s.location(t, "token")
	if answer := s.onboard(t, "", "token", minted.Token+"x", newAWS()); answer.code != http.StatusForbidden {
		t.Errorf("wrong token: %d, want 403", answer.code)
	}
	if answer := s.onboard(t, "", "missing", minted.Token, newAWS()); answer.code != http.StatusForbidden {
		t.Errorf("missing location: %d, want 403 as for any wrong token", answer.code)
	}
	s.clock.SetTime(start.Add(time.Hour))
	if answer := s.onboard(t, "", "token", minted.Token, newAWS()); answer.code != http.StatusUnauthorized {
		t.Errorf("expired token: %d, want 401", answer.code)
	}
	s.clock.SetTime(start.Add(time.Hour - time.Second))
	defer s.clock.SetTime(start)
	invalid := newAWS()
	invalid.VPCID = "vpc"
	if answer := s.onboard(t, "", "token", minted.Token, invalid); answer.code != http.StatusUnprocessableEntity || !strings.Contains(answer.body, "spec.aws.vpcID") {
		t.Errorf("invalid payload: %d %s, want 422 with the field", answer.code, answer.body)
	}
	if after := s.location(t, "token"); after.ResourceVersion != before.ResourceVersion {
		t.Error("a refused registration changed the location")
	}

	answer := s.onboard(t, "", "token", minted.Token, newAWS())
	if answer.code != http.StatusCreated || strings.Contains(answer.body, minted.Token) {
		t.Fatalf("registration: %d %s, want 201 without the token", answer.code, answer.body)
	}
	after := s.location(t, "token")
	if after.Spec.AWS == nil || after.Spec.AWS.VPCID != newAWS().VPCID || after.Generation != 2 {
		t.Errorf("spec.aws %+v, generation %d", after.Spec.AWS, after.Generation)
	}
	if !meta.IsStatusConditionTrue(after.Status.Conditions, v1beta1.ConditionOnboarded) || after.Status.Registration.UsedTime == nil {
		t.Errorf("not marked as on-boarded: %+v", after.Status)
	}

	again := s.onboard(t, "", "token", minted.Token, newAWS())
	var status metav1.Status
	if err := json.Unmarshal([]byte(again.body), &status); err != nil {
		t.Fatal(err)
	}
	if again.code != http.StatusForbidden || status.Details == nil || len(status.Details.Causes) != 1 || status.Details.Causes[0].Type != "AlreadyRegistered" ||
		!strings.Contains(status.Message, "already registered with the same values") {
		t.Errorf("used token, same values: %d %s", again.code, again.body)
	}
	different := newAWS()
	different.SecurityGroupID = "sg-0a1b2c3d"
	if answer := s.onboard(t, "", "token", minted.Token, different); answer.code != http.StatusForbidden || strings.Contains(answer.body, "AlreadyRegistered") {
		t.Errorf("used token, other values: %d %s", answer.code, answer.body)
	}
	if unchanged := s.location(t, "token"); unchanged.ResourceVersion != after.ResourceVersion {
		t.Error("a used token changed the location")
	}
}

func testOnboardingPermission(t *testing.T, s *testServer) {
	s.createLocation(t, "permission")
	for _, user := range []string{"", "viewer", "editor"} {
		if answer := s.onboard(t, user, "permission", "", newAWS()); answer.code != http.StatusForbidden || !strings.Contains(answer.body, "omni-onboarder") {
			t.Errorf("as %q: %d %s, want 403 with the remedy", user, answer.code, answer.body)
		}
	}
	if answer := s.onboard(t, "onboarder", "permission", "", newAWS()); answer.code != http.StatusCreated {
		t.Fatalf("as onboarder: %d %s, want 201", answer.code, answer.body)
	}
	first := s.location(t, "permission")
	if answer := s.onboard(t, "onboarder", "permission", "", newAWS()); answer.code != http.StatusCreated {
		t.Errorf("once more: %d %s, want 201", answer.code, answer.body)
	}
	if second := s.location(t, "permission"); second.ResourceVersion != first.ResourceVersion {
		t.Error("the same registration once more changed the location")
	}
	moved := newAWS()
	moved.VPCID = "vpc-0a1b2c3d4e5f60719"
	if answer := s.onboard(t, "onboarder", "permission", "", moved); answer.code != http.StatusUnprocessableEntity || !strings.Contains(answer.body, "spec.aws.vpcID") {
		t.Errorf("another VPC: %d %s, want 422 with the field", answer.code, answer.body)
	}
}

func testOnboardingRefuses(t *testing.T, s *testServer) {
	s.createLocation(t, "refuses")
	if answer := s.onboard(t, "onboarder", "refuses", "", nil); answer.code != http.StatusUnprocessableEntity || !strings.Contains(answer.body, "spec.aws") {
		t.Errorf("nothing to record: %d %s, want 422 with the field", answer.code, answer.body)
	}
	if answer := s.onboard(t, "onboarder", "missing", "", newAWS()); answer.code != http.StatusNotFound {
		t.Errorf("missing location: %d, want 404", answer.code)
	}
	locations := s.client().OmniV1beta1().EdgeLocations(namespace)
	deleted := s.location(t, "refuses")
	deleted.Finalizers = []string{v1beta1.FinalizerCleanup}
	if _, err := locations.Update(context.Background(), deleted, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := locations.Delete(context.Background(), "refuses", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if answer := s.onboard(t, "onboarder", "refuses", "", newAWS()); answer.code != http.StatusConflict {
		t.Errorf("a location that is being deleted: %d %s, want 409", answer.code, answer.body)
	}
}
