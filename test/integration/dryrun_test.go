// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func testDryRun(t *testing.T, s *testServer) {
	before := s.createLocation(t, "dry")
	kept := *before
	kept.APIVersion, kept.Kind = "omni.cast.ai/v1beta1", "EdgeLocation"
	kept.Spec.Description, kept.Status.Phase = "changed", v1beta1.EdgeLocationInUse
	body, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	dry := func(parts ...string) string { return query(path(parts...), "dryRun=All", "fieldManager=test") }
	merge, apply := contentType("application/merge-patch+json"), contentType("application/apply-patch+yaml")
	s.expect(
		exchange{"create", post, dry("nodetemplates"), nil, of("new", "dry"), 201, `"uid":`},
		exchange{"create by apply", patch, dry("nodetemplates", "dry"), apply, of("new", "dry"), 201, `"uid":`},
		exchange{"update", put, dry("edgelocations", "dry"), nil, string(body), 200, `"description":"changed"`},
		exchange{"patch", patch, dry("edgelocations", "dry"), merge, `{"spec":{"description":"changed"}}`, 200, `"description":"changed"`},
		exchange{"apply", patch, dry("edgelocations", "dry"), apply, `{"apiVersion":"omni.cast.ai/v1beta1","kind":"EdgeLocation","spec":{"description":"changed"}}`, 200, `"description":"changed"`},
		exchange{"update of the status", put, dry("edgelocations", "dry", "status"), nil, string(body), 200, `"phase":"In use"`},
		exchange{"patch of the status", patch, dry("edgelocations", "dry", "status"), merge, `{"status":{"phase":"In use"}}`, 200, `"phase":"In use"`},
		exchange{"delete", del, dry("edgelocations", "dry"), nil, "", 200, ""},
		exchange{"deletecollection", del, dry("edgelocations"), nil, "", 200, ""},
		// A dry run is refused for what a real one is refused for.
		exchange{"what exists", post, dry("edgelocations"), nil, string(body), 409, "already exists"},
		exchange{"what is not valid", patch, dry("edgelocations", "dry"), merge, `{"spec":{"region":"x"}}`, 422, "spec.region"},
		exchange{"create that was dry", get, path("nodetemplates", "dry"), nil, "", 404, "not found"},
	)
	if after := s.location(t, "dry"); !apiequality.Semantic.DeepEqual(before, after) {
		t.Errorf("a dry run was stored: %+v, before it was %+v", after, before)
	}
}

func testDryRunMint(t *testing.T, s *testServer) {
	s.createLocation(t, "dry-mint")
	const request = `{"apiVersion":"omni.cast.ai/v1beta1","kind":"OnboardScriptRequest"}`
	mint := func(parameters string) string {
		answer := s.do("admin", post, path("edgelocations", "dry-mint", "onboard-script")+parameters, nil, []byte(request))
		var minted v1beta1.OnboardScriptRequest
		if err := json.Unmarshal([]byte(answer.body), &minted); err != nil || answer.code != 201 {
			t.Fatalf("create of onboard-script: %d %s (%v)", answer.code, answer.body, err)
		}
		return minted.Status.Token
	}
	register := func(token, parameters string) int {
		body, err := json.Marshal(v1beta1.Onboarding{
			TypeMeta: metav1.TypeMeta{APIVersion: "omni.cast.ai/v1beta1", Kind: "Onboarding"},
			Spec:     v1beta1.OnboardingSpec{Token: token, AWS: newAWS()},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s.do("", post, path("edgelocations", "dry-mint", "onboarding")+parameters, nil, body).code
	}
	if dry := mint("?dryRun=All"); dry != "" {
		t.Errorf("a dry run answers with the token %s, which nothing knows", dry)
	}
	if registration := s.location(t, "dry-mint").Status.Registration; registration != nil {
		t.Errorf("a dry run has stored the hash of a token: %+v", registration)
	}
	// A dry run does not revoke the token before, nor spend it.
	token := mint("")
	mint("?dryRun=All")
	if code := register(token, "?dryRun=All"); code != 201 {
		t.Errorf("the token registers dry with %d, want 201", code)
	}
	if location := s.location(t, "dry-mint"); location.Spec.AWS != nil || location.Status.Registration.UsedTime != nil {
		t.Errorf("a dry run has registered the location: %+v", location)
	}
	if code := register(token, ""); code != 201 {
		t.Errorf("after a dry run the token registers with %d, want 201", code)
	}
}
