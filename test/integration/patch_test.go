// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	omniapply "github.com/castai/omni/pkg/generated/applyconfiguration/omni/v1beta1"
)

func testPatches(t *testing.T, s *testServer) {
	ctx, templates := context.Background(), s.client().OmniV1beta1().NodeTemplates(namespace)
	template := newTemplate("patched", "a")
	template.Spec.Labels = map[string]string{"keep": "1", "drop": "1"}
	if _, err := templates.Create(ctx, template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		patchType types.PatchType
		patch     string
		locations []string
	}{
		{types.JSONPatchType, `[{"op":"test","path":"/spec/labels/keep","value":"1"},{"op":"add","path":"/spec/edgeLocations/names/-","value":"b"}]`, []string{"a", "b"}},
		{types.MergePatchType, `{"spec":{"labels":{"drop":null},"edgeLocations":{"names":["c"]}}}`, []string{"c"}},
		// As of the Go types of Kubernetes that say no patchStrategy: maps are
		// merged and lists replaced.
		{types.StrategicMergePatchType, `{"spec":{"labels":{"$patch":"replace","keep":"1"},"edgeLocations":{"names":["d"]}}}`, []string{"d"}},
	} {
		got, err := templates.Patch(ctx, "patched", test.patchType, []byte(test.patch), metav1.PatchOptions{})
		if err != nil {
			t.Errorf("%s: %v", test.patchType, err)
			continue
		}
		if !slices.Equal(got.Spec.EdgeLocations.Names, test.locations) || got.Spec.Labels["keep"] != "1" || !got.Spec.EdgeLocations.Enabled {
			t.Errorf("%s: %+v %v, want locations %q and the rest as it was", test.patchType, got.Spec.EdgeLocations, got.Spec.Labels, test.locations)
		}
	}
	at := path("nodetemplates", "patched")
	jsonPatch, mergePatch := contentType("application/json-patch+json"), contentType("application/merge-patch+json")
	s.expect(
		exchange{"a test that fails", patch, at, jsonPatch, `[{"op":"test","path":"/spec/labels/keep","value":"2"}]`, 422, "Invalid"},
		exchange{"a path that is not there", patch, at, jsonPatch, `[{"op":"remove","path":"/spec/none"}]`, 422, "Invalid"},
		exchange{"no list of operations", patch, at, jsonPatch, `{}`, 400, "decoding patch"},
		exchange{"no JSON", patch, at, mergePatch, `{`, 400, "BadRequest"},
		exchange{"a rule broken", patch, at, mergePatch, `{"spec":{"constraints":{"minCPU":-1}}}`, 422, "spec.constraints.minCPU"},
		exchange{"a rename", patch, at, mergePatch, `{"metadata":{"name":"other"}}`, 400, "name"},
		exchange{"an old version", patch, at, mergePatch, `{"metadata":{"resourceVersion":"1"}}`, 409, "Conflict"},
		exchange{"what is not there", patch, path("nodetemplates", "none"), mergePatch, `{}`, 404, "not found"},
		exchange{"plain JSON", patch, at, contentType("application/json"), `{}`, 415, "UnsupportedMediaType"},
	)
	// What a patch of the main endpoint says of the status is ignored.
	before, err := templates.Get(ctx, "patched", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	after, err := templates.Patch(ctx, "patched", types.MergePatchType, []byte(`{"status":{"edges":7}}`), metav1.PatchOptions{})
	if err != nil || after.Status.Edges != 0 || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("a patch of the status by the main endpoint: %v, %d edges, version %s, want no write after %s", err, after.Status.Edges, after.ResourceVersion, before.ResourceVersion)
	}
	after, err = templates.Patch(ctx, "patched", types.MergePatchType, []byte(`{"spec":{"labels":null},"status":{"edges":7}}`), metav1.PatchOptions{}, "status")
	if err != nil || after.Status.Edges != 7 || after.Generation != before.Generation || len(after.Spec.Labels) == 0 {
		t.Errorf("a patch by the status endpoint: %v, %+v", err, after)
	}
}

func testOwnership(t *testing.T, s *testServer) {
	ctx, locations := context.Background(), s.client().OmniV1beta1().EdgeLocations(namespace)
	apply := func(manager, description string, force bool) (*v1beta1.EdgeLocation, error) {
		return locations.Apply(ctx, omniapply.EdgeLocation("owned", namespace).WithSpec(omniapply.EdgeLocationSpec().
			WithProvider(v1beta1.ProviderAWS).WithRegion("us-west-2").WithDescription(description).
			WithControlPlane(omniapply.EdgeControlPlane().WithExternal(omniapply.ExternalControlPlane().
				WithKubeconfigSecretRef(omniapply.LocalSecretReference().WithName("edge"))))),
			metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	created, err := apply("first", "by first", false)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := apply("first", "by first", false); err != nil || again.ResourceVersion != created.ResourceVersion {
		t.Errorf("to apply the same again: %v, a write: %v", err, again.ResourceVersion != created.ResourceVersion)
	}
	_, err = apply("second", "by second", false)
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `conflict with "first": .spec.description`) {
		t.Fatalf("apply of another's field: %v, want a conflict that names first and .spec.description", err)
	}
	forced, err := apply("second", "by second", true)
	if err != nil || forced.Spec.Description != "by second" {
		t.Fatalf("forced: %v, description %q", err, forced.Spec.Description)
	}
	if first, second := owns(forced, "first", "", "f:description"), owns(forced, "second", "", "f:description"); first || !second {
		t.Errorf("after it was forced, the description is owned by first: %v, by second: %v", first, second)
	}
	// The status has owners of its own, who conflict only with each other.
	status := func(manager string, phase v1beta1.EdgeLocationPhase, force bool) error {
		applied, err := locations.ApplyStatus(ctx, omniapply.EdgeLocation("owned", namespace).
			WithLabels(map[string]string{"by": manager}).
			WithStatus(omniapply.EdgeLocationStatus().WithPhase(phase)), metav1.ApplyOptions{FieldManager: manager, Force: force})
		if err == nil && (owns(applied, manager, "status", "f:labels") || applied.Labels["by"] != "") {
			t.Errorf("the status endpoint has let %s write or own labels", manager)
		}
		return err
	}
	if err := status("controller", v1beta1.EdgeLocationInUse, false); err != nil {
		t.Errorf("status: %v", err)
	}
	if err := status("other", v1beta1.EdgeLocationFailed, false); !apierrors.IsConflict(err) {
		t.Errorf("status of another owner: %v, want a conflict", err)
	}
	if err := status("other", v1beta1.EdgeLocationFailed, true); err != nil {
		t.Errorf("status of another owner, forced: %v", err)
	}
	// What its only owner stops applying goes away.
	if _, err := apply("second", "", true); err != nil {
		t.Fatal(err)
	}
	released, err := locations.Apply(ctx, omniapply.EdgeLocation("owned", namespace), metav1.ApplyOptions{FieldManager: "second"})
	if err != nil || released.Spec.Description != "" || released.Spec.Region != "us-west-2" {
		t.Errorf("after second has let go: %v, description %q, region %q", err, released.Spec.Description, released.Spec.Region)
	}
}

// owns says whether the manager has an entry of the subresource with the field.
func owns(location *v1beta1.EdgeLocation, manager, subresource, field string) bool {
	return slices.ContainsFunc(location.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == manager && entry.Subresource == subresource && strings.Contains(entry.FieldsV1.GetRawString(), field)
	})
}
