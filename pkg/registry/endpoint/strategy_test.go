// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"maps"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/castai/omni/pkg/apis/omni"
)

// TestResetFields: a version that the scheme gets is reset without another word.
func TestResetFields(t *testing.T) {
	scheme := runtime.NewScheme()
	v1 := schema.GroupVersion{Group: omni.GroupName, Version: "v1"}
	v2 := schema.GroupVersion{Group: omni.GroupName, Version: "v2"}
	if err := scheme.SetVersionPriority(v2, v1); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		strategy Strategy
		want     *fieldpath.Set
	}{
		"main endpoint":   {NewStrategy(scheme), fieldpath.NewSet(fieldpath.MakePathOrDie("status"))},
		"status endpoint": {NewStatusStrategy(scheme), fieldpath.NewSet(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"))},
	} {
		got := test.strategy.GetResetFields()
		if versions := slices.Sorted(maps.Keys(got)); !slices.Equal(versions, []fieldpath.APIVersion{"omni.cast.ai/v1", "omni.cast.ai/v2"}) {
			t.Errorf("%s: fields of %q, want of both versions", name, versions)
		}
		for version, fields := range got {
			if !fields.Equals(test.want) {
				t.Errorf("%s: %s resets %s, want %s", name, version, fields, test.want)
			}
		}
	}
}
