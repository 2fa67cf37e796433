// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// madeByScript is what the script registered when it ran first in this lab. The
// location goes with every test, its network in the cloud stays.
var madeByScript *v1beta1.AWSLocation

// network returns what the script makes in the cloud, and runs it if it never ran.
func network(t *testing.T) *v1beta1.AWSLocation {
	t.Helper()
	if madeByScript == nil {
		t.Run("network", func(t *testing.T) {
			newLocation(t, locationName)
			runScript(t, getScript(t))
			madeByScript = registered(t)
			eventually(t.Context(), t, "the location is Ready", isReady(locationName))
		})
	}
	if madeByScript == nil {
		t.FailNow() // the subtest has said why
	}
	return madeByScript
}

// TestSameScriptTwice: the script finds what it made before, and registers it again
// without a change, with the caller's own rights or with a token.
func TestSameScriptTwice(t *testing.T) {
	first := network(t)
	newLocation(t, locationName)
	runScript(t, getScript(t))
	if second := registered(t); !apiequality.Semantic.DeepEqual(second, first) {
		t.Errorf("the second run registered %+v, the first %+v", second, first)
	}

	minted := &v1beta1.OnboardScriptRequest{}
	request := subresource(lab.teamA, "POST", "edgelocations", locationName, "onboard-script")
	if err := request.Body(&v1beta1.OnboardScriptRequest{}).Do(t.Context()).Into(minted); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  registered\n", "  already registered\n"} {
		if out := runScript(t, minted.Status.Script); !strings.Contains(out, want) {
			t.Errorf("the script with the token did not say %q", want)
		} else if strings.Contains(out, minted.Status.Token) {
			t.Error("the script printed its token")
		}
		if aws := registered(t); !apiequality.Semantic.DeepEqual(aws, first) {
			t.Errorf("the script with the token registered %+v, the one before %+v", aws, first)
		}
	}

	other := first.DeepCopy()
	other.SecurityGroupID = "sg-0a1b2c3d4e5f60718"
	err := subresource(lab.teamB, "POST", "edgelocations", locationName, "onboarding").
		Body(&v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{Token: minted.Status.Token, AWS: other}}).Do(t.Context()).Error()
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "token is used") {
		t.Errorf("a used token was answered with: %v", err)
	}
	if aws := registered(t); !apiequality.Semantic.DeepEqual(aws, first) {
		t.Errorf("a used token changed the location to %+v", aws)
	}
}

func getScript(t *testing.T) string {
	t.Helper()
	script, err := subresource(lab.teamA, "GET", "edgelocations", locationName, "onboard-script").Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// runScript pipes the script to bash and returns what it said.
func runScript(t *testing.T, script string) string {
	t.Helper()
	cmd := lab.shell(t.Context(), teamA, "bash")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the onboarding script: %v\n%s", err, out)
	}
	return string(out)
}

func registered(t *testing.T) *v1beta1.AWSLocation {
	t.Helper()
	location, err := locations().Get(t.Context(), locationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if location.Spec.AWS == nil {
		t.Fatal("the script registered nothing")
	}
	return location.Spec.AWS
}
