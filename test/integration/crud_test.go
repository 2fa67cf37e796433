// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	restclient "k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	omniapply "github.com/castai/omni/pkg/generated/applyconfiguration/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

func TestObjects(t *testing.T) {
	s := newServer(t)
	for name, test := range map[string]func(*testing.T, *testServer){
		"life of an object":                      testLife,
		"status endpoint is isolated":            testStatusIsolation,
		"invalid objects name the field":         testInvalid,
		"server-side apply":                      testApply,
		"field selectors":                        testFieldSelectors,
		"warnings":                               testWarnings,
		"tables":                                 testTables,
		"discovery":                              testDiscovery,
		"protobuf clients get JSON":              testProtobufClient,
		"instances of a template":                testInstances,
		"instances: pages":                       testInstancePages,
		"instances: filters":                     testInstanceFilters,
		"instances: bad parameters":              testInstanceParameters,
		"onboard-script":                         testOnboardScript,
		"offboard-script":                        testOffboardScript,
		"scripts have an ETag":                   testTextHeaders,
		"console-output is not set up":           testConsoleOutput,
		"join-command":                           testJoinCommand,
		"wrong content on create":                testContentTypes,
		"tokens and clocks that differ":          testClockSkew,
		"onboard-script mints a token":           testMint,
		"onboarding with a token":                testOnboardingToken,
		"onboarding without a token":             testOnboardingPermission,
		"onboarding refuses":                     testOnboardingRefuses,
		"OpenAPI documents every path and field": testOpenAPI,
		"informers sync by watch-list":           testInformers,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, &testServer{t: t, admin: s.admin, clock: s.clock})
		})
	}
}

func testLife(t *testing.T, s *testServer) {
	ctx, locations := context.Background(), s.client().OmniV1beta1().EdgeLocations(namespace)
	object := newLocation("life")
	object.Status.Phase = v1beta1.EdgeLocationInUse
	created, err := locations.Create(ctx, object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if created.Generation != 1 || created.Status.Phase != v1beta1.EdgeLocationPending {
		t.Errorf("a new object has generation %d and phase %q, want 1 and Pending: its creator does not write the status", created.Generation, created.Status.Phase)
	}
	created.Spec.Description = "changed"
	updated, err := locations.Update(ctx, created, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if updated.Generation != 2 {
		t.Errorf("generation is %d after a change of the spec, want 2", updated.Generation)
	}
	updated.Labels = map[string]string{"a": "b"}
	if updated, err = locations.Update(ctx, updated, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if updated.Generation != 2 {
		t.Errorf("generation is %d after a change of the labels, want 2 still", updated.Generation)
	}
	if _, err := locations.Update(ctx, created, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("update of an old version: %v, want a conflict", err)
	}
	if err := locations.Delete(ctx, "life", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := locations.Get(ctx, "life", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get after delete: %v, want not found", err)
	}
}

func testStatusIsolation(t *testing.T, s *testServer) {
	ctx, edges := context.Background(), s.client().OmniV1beta1().Edges(namespace)
	created, err := edges.Create(ctx, newEdge("isolated", "aws"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	change := created.DeepCopy()
	change.Spec.InstanceType = "c7i.large"
	change.Labels = map[string]string{"from": "status"}
	change.Status.Phase = v1beta1.EdgeReady
	updated, err := edges.UpdateStatus(ctx, change, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if updated.Spec.InstanceType != "m7i.large" || len(updated.Labels) != 0 || updated.Generation != 1 {
		t.Errorf("the status endpoint wrote spec, labels or generation: %+v %v", updated.Spec, updated.ObjectMeta)
	}
	if updated.Status.Phase != v1beta1.EdgeReady {
		t.Errorf("phase is %q, want Ready", updated.Status.Phase)
	}
	updated.Status.Phase = v1beta1.EdgeDraining
	if updated, err = edges.Update(ctx, updated, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if updated.Status.Phase != v1beta1.EdgeReady {
		t.Errorf("the main endpoint wrote the status: %q", updated.Status.Phase)
	}
}

func testInvalid(t *testing.T, s *testServer) {
	ctx, client := context.Background(), s.client().OmniV1beta1()
	immutable, err := client.EdgeLocations(namespace).Create(ctx, newLocation("immutable"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	edge, err := client.Edges(namespace).Create(ctx, newEdge("immutable", "aws"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for field, try := range map[string]func() error{
		"spec.region": func() error {
			location := newLocation("bad")
			location.Spec.Region = "nowhere"
			_, err := client.EdgeLocations(namespace).Create(ctx, location, metav1.CreateOptions{})
			return err
		},
		"spec.provider": func() error {
			immutable.Spec.Provider = "GCP"
			_, err := client.EdgeLocations(namespace).Update(ctx, immutable, metav1.UpdateOptions{})
			return err
		},
		"spec.constraints.minCPU": func() error {
			template := newTemplate("bad")
			template.Spec.Constraints.MinCPU = -1
			_, err := client.NodeTemplates(namespace).Create(ctx, template, metav1.CreateOptions{})
			return err
		},
		"spec": func() error {
			edge.Spec.Zone = "us-west-2b"
			_, err := client.Edges(namespace).Update(ctx, edge, metav1.UpdateOptions{})
			return err
		},
		"status.phase": func() error {
			edge.Status.Phase = "Flying"
			_, err := client.Edges(namespace).UpdateStatus(ctx, edge, metav1.UpdateOptions{})
			return err
		},
	} {
		err := try()
		if !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v, want 422", field, err)
			continue
		}
		causes := err.(apierrors.APIStatus).Status().Details.Causes
		if !slices.ContainsFunc(causes, func(cause metav1.StatusCause) bool { return cause.Field == field }) {
			t.Errorf("no cause names %s: %+v", field, causes)
		}
	}
}

func testApply(t *testing.T, s *testServer) {
	ctx, locations := context.Background(), s.client().OmniV1beta1().EdgeLocations(namespace)
	user := omniapply.EdgeLocation("applied", namespace).WithSpec(omniapply.EdgeLocationSpec().
		WithProvider(v1beta1.ProviderAWS).WithRegion("us-west-2").WithZones("us-west-2a").
		WithControlPlane(omniapply.EdgeControlPlane().WithExternal(omniapply.ExternalControlPlane().
			WithKubeconfigSecretRef(omniapply.LocalSecretReference().WithName("edge")))))
	if _, err := locations.Apply(ctx, user, metav1.ApplyOptions{FieldManager: "user"}); err != nil {
		t.Fatal(err)
	}
	// What an endpoint ignores, its writer does not own.
	status := omniapply.EdgeLocation("applied", namespace).
		WithSpec(omniapply.EdgeLocationSpec().WithRegion("eu-west-1")).
		WithStatus(omniapply.EdgeLocationStatus().WithPhase(v1beta1.EdgeLocationInUse))
	applied, err := locations.ApplyStatus(ctx, status, metav1.ApplyOptions{FieldManager: "controller", Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if applied.Spec.Region != "us-west-2" || applied.Status.Phase != v1beta1.EdgeLocationInUse {
		t.Errorf("after the status was applied: region %q, phase %q", applied.Spec.Region, applied.Status.Phase)
	}
	for _, entry := range applied.ManagedFields {
		fields := entry.FieldsV1.GetRawString()
		if entry.Manager == "controller" && strings.Contains(fields, "f:spec") {
			t.Errorf("the status endpoint's writer owns the spec: %s", fields)
		}
		if entry.Manager == "user" && strings.Contains(fields, "f:status") {
			t.Errorf("the main endpoint's writer owns the status: %s", fields)
		}
	}
	other := omniapply.EdgeLocation("applied", namespace).WithSpec(omniapply.EdgeLocationSpec().WithDescription("x").WithRegion("eu-west-1"))
	if _, err := locations.Apply(ctx, other, metav1.ApplyOptions{FieldManager: "other"}); !apierrors.IsConflict(err) {
		t.Errorf("apply of a field of another owner: %v, want a conflict", err)
	}
	if _, err := locations.Patch(ctx, "applied", types.MergePatchType, []byte(`{"spec":{"unknown":1}}`), metav1.PatchOptions{FieldValidation: metav1.FieldValidationStrict}); err == nil {
		t.Error("a patch of an unknown field was accepted under strict validation")
	}
}

func testFieldSelectors(t *testing.T, s *testServer) {
	ctx, edges := context.Background(), s.client().OmniV1beta1().Edges(namespace)
	for _, name := range []string{"here", "there"} {
		if _, err := edges.Create(ctx, newEdge("selected-"+name, name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := edges.List(ctx, metav1.ListOptions{FieldSelector: "spec.edgeLocationName=here,spec.nodeTemplateName=batch,status.phase=Pending"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Items[0].Name != "selected-here" {
		t.Errorf("selected %d edges, want selected-here alone", len(list.Items))
	}
	if _, err := edges.List(ctx, metav1.ListOptions{FieldSelector: "spec.zone=a"}); !apierrors.IsBadRequest(err) {
		t.Errorf("a field that cannot be selected: %v, want a bad request", err)
	}
}

type warnings struct{ messages []string }

func (w *warnings) HandleWarningHeader(_ int, _, message string) {
	w.messages = append(w.messages, message)
}

func testWarnings(t *testing.T, s *testServer) {
	var got warnings
	config := s.as("editor")
	config.WarningHandler = restclient.WarningHandler(&got)
	template := newTemplate("warned", "aws-oregon")
	template.Spec.EdgeLocations.Enabled = false
	_, err := versioned.NewForConfigOrDie(config).OmniV1beta1().NodeTemplates(namespace).Create(context.Background(), template, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.messages) != 1 || !strings.Contains(got.messages[0], "spec.edgeLocations.enabled") {
		t.Errorf("warnings %q, want one about spec.edgeLocations.enabled", got.messages)
	}
}

func testDiscovery(t *testing.T, s *testServer) {
	resources, err := s.client().Discovery().ServerResourcesForGroupVersion(v1beta1.SchemeGroupVersion.String())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range resources.APIResources {
		line := strings.Join([]string{r.Name, r.SingularName, strings.Join(r.ShortNames, "+"), strings.Join(r.Categories, "+"), r.Kind, strings.Join(r.Verbs, "+")}, " ")
		got = append(got, line)
	}
	const all = "create+delete+deletecollection+get+list+patch+update+watch"
	want := []string{
		"edgelocations edgelocation el+eloc omni EdgeLocation " + all,
		"edgelocations/offboard-script    EdgeLocation get",
		"edgelocations/onboard-script    OnboardScriptRequest create+get",
		"edgelocations/onboarding    Onboarding create",
		"edgelocations/status    EdgeLocation get+patch+update",
		"edges edge edge omni Edge " + all,
		"edges/console-output    Edge get",
		"edges/join-command    JoinCommand create",
		"edges/status    Edge get+patch+update",
		"nodetemplates nodetemplate nt omni NodeTemplate " + all,
		"nodetemplates/instances    InstanceList get",
		"nodetemplates/status    NodeTemplate get+patch+update",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("discovery:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func testProtobufClient(t *testing.T, s *testServer) {
	answer := s.do("viewer", http.MethodGet, path("edges"), map[string]string{"Accept": "application/vnd.kubernetes.protobuf,application/json"}, nil)
	if answer.code != http.StatusOK || answer.header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s, want 200 application/json", answer.code, answer.header.Get("Content-Type"))
	}
}
