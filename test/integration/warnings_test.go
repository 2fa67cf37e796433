// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

func testZoneWarnings(t *testing.T, s *testServer) {
	var got warnings
	config := s.as("editor")
	config.WarningHandler = restclient.WarningHandler(&got)
	ctx, locations := context.Background(), versioned.NewForConfigOrDie(config).OmniV1beta1().EdgeLocations(namespace)
	warned := func(when, zone string) {
		t.Helper()
		if zone == "" && len(got.messages) > 0 || zone != "" && (len(got.messages) != 1 || !strings.Contains(got.messages[0], zone)) {
			t.Errorf("%s: warnings %q, want one about %q, none if that is empty", when, got.messages, zone)
		}
		got.messages = nil
	}
	// newAWS has a subnet in us-west-2a only.
	location := newLocation("zoned")
	location.Spec.Zones, location.Spec.AWS = []string{"us-west-2a", "us-west-2b"}, newAWS()
	location, err := locations.Create(ctx, location, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	warned("create", "us-west-2b")
	location.Spec.Zones = []string{"us-west-2a"}
	if location, err = locations.Update(ctx, location, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	warned("update of the zones to those there are", "")
	location.Spec.Zones = []string{"us-west-2c"}
	if _, err = locations.Update(ctx, location, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	warned("update", "us-west-2c")
	unknown := newLocation("unzoned")
	unknown.Spec.Zones = []string{"us-west-2b"}
	if _, err := locations.Create(ctx, unknown, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	warned("before the script has run", "")
}
