// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package declarative

import (
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
)

func TestFieldDescription(t *testing.T) {
	for path, want := range map[string]string{
		"spec.region":                     "Region is the cloud's own name",
		"spec.aws.accountID":              "AccountID is the 12-digit",
		"spec.aws.subnetIDs[us-west-2a]":  "SubnetIDs maps",
		"spec.zones[0]":                   "Zones narrows",
		"spec.controlPlane.external":      "External uses",
		"spec.credentials.secretRef.name": "Name of the Secret",
		"status.conditions[0].type":       "type of condition",
		"spec.aws.nothing":                "",
		"spec":                            "Spec is what the platform team",
		"":                                "",
	} {
		got := fieldDescription("v1beta1", "EdgeLocation", path)
		if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "\n") {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestRename(t *testing.T) {
	for path, want := range map[string]string{
		"spec.imageID":              "spec.image",
		"spec.nodeDefaults.imageID": "spec.nodeDefaults.image",
		"spec.tags[imageID]":        "spec.tags[imageID]",
		"spec.imageIDs":             "spec.imageIDs",
	} {
		if got := rename(path, v1alpha1.RenamedFields); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
