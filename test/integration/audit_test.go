// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
)

// TestAuditHasNoToken uses every way of sending or getting a registration token,
// under policies that ask for as much as a policy can.
func TestAuditHasNoToken(t *testing.T) {
	const policyHeader = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
	for name, test := range map[string]struct {
		policy string // empty: none is given
		bodies bool   // whether the bodies of other requests are in the log
	}{
		"default":    {policy: "", bodies: false},
		"everything": {policy: "rules: [{level: RequestResponse}]", bodies: true},
		"by name": {policy: `rules:
- level: RequestResponse
  resources: [{group: omni.cast.ai, resources: [edgelocations, edgelocations/onboard-script, edgelocations/onboarding]}]
`, bodies: true},
		"a request": {policy: "rules: [{level: Request, resources: [{group: omni.cast.ai, resources: ['*']}]}]", bodies: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := etcdtest.DataDir(t)
			log, policy := filepath.Join(dir, "audit.log"), filepath.Join(dir, "policy.yaml")
			if err := os.WriteFile(policy, []byte(policyHeader+test.policy), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newServerOn(t, dir, func(o *options.Options) {
				o.Recommended.Audit.LogOptions.Path = log
				if test.policy != "" {
					o.Recommended.Audit.PolicyFile = policy
				}
			})
			location := s.createLocation(t, "audited")
			token := s.mint(t, "audited").Token
			if answer := s.onboard(t, "", "audited", token, newAWS()); answer.code != http.StatusCreated {
				t.Fatalf("registration: %d %s", answer.code, answer.body)
			}
			sendBadly(t, s, token)
			s.stop() // the log is complete

			content, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			written := string(content)
			// Half of a token would be too much as well.
			if secret := strings.TrimPrefix(token, "omni1."); strings.Contains(written, secret[:20]) {
				t.Error("the token is in the audit log")
			}
			for _, want := range []string{`"subresource":"onboard-script"`, `"subresource":"onboarding"`, `"username":"onboarder"`} {
				if !strings.Contains(written, want) {
					t.Errorf("the audit log does not have %s", want)
				}
			}
			if got := strings.Contains(written, location.Spec.ControlPlane.External.KubeconfigSecretRef.Name); got != test.bodies {
				t.Errorf("the body of another request is in the log: %v, want %v", got, test.bodies)
			}
		})
	}
}

// sendBadly sends the token in requests that are refused.
func sendBadly(t *testing.T, s *testServer, token string) {
	t.Helper()
	good := string(encode(t, &v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{Token: token, AWS: newAWS()}}))
	for _, body := range []string{
		good,                                   // used
		strings.TrimSuffix(good, "}"),          // no JSON
		`{"spec":{"token":["` + token + `"]}}`, // another type
		`{"spec":{"` + token + `":1}}`,         // an unknown field
		`{"kind":"` + token + `"}`,             // another kind
		`"` + token + `"`,
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch} {
			for _, subresource := range []string{"onboarding", "onboard-script"} {
				for _, contentType := range []string{"application/json", "application/yaml", "text/plain"} {
					s.do("onboarder", method, path("edgelocations", "audited", subresource)+"?fieldValidation=Strict",
						map[string]string{"Content-Type": contentType}, []byte(body))
				}
			}
		}
	}
}
