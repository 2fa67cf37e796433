// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// TestBadInput: a mistake is refused before anything comes of it, and the answer
// names the field. An expired token is in test/integration, where time is a fake.
func TestBadInput(t *testing.T) {
	t.Run("EdgeLocation", testBadLocation)
	t.Run("NodeTemplate", testBadTemplate)
	t.Run("Edge", testBadEdge)
	t.Run("Malformed", testMalformed)
	t.Run("WrongToken", testWrongToken)
}

func testBadLocation(t *testing.T) {
	for _, test := range []struct {
		name   string
		spoil  func(*v1beta1.EdgeLocation)
		fields []string
	}{
		{"provider", func(l *v1beta1.EdgeLocation) { l.Spec.Provider = "Azure" }, []string{"spec.provider"}},
		{"no provider", func(l *v1beta1.EdgeLocation) { l.Spec.Provider = "" }, []string{"spec.provider"}},
		{"region", func(l *v1beta1.EdgeLocation) { l.Spec.Region = "the west" }, []string{"spec.region"}},
		{"no region", func(l *v1beta1.EdgeLocation) { l.Spec.Region = "" }, []string{"spec.region"}},
		{"31 characters", func(l *v1beta1.EdgeLocation) { l.Name = strings.Repeat("a", 31) }, []string{"metadata.name"}},
		{"zones of another region", func(l *v1beta1.EdgeLocation) {
			l.Spec.Zones = []string{"us-west-2a", "eu-central-1a", "eu-central-1b"}
		}, []string{"spec.zones[1]", "spec.zones[2]"}},
		{"description", func(l *v1beta1.EdgeLocation) { l.Spec.Description = strings.Repeat("ä", 257) }, []string{"spec.description"}},
		{"no control plane", func(l *v1beta1.EdgeLocation) { l.Spec.ControlPlane.External = nil }, []string{"spec.controlPlane.external"}},
		{"disk", func(l *v1beta1.EdgeLocation) { l.Spec.NodeDefaults = &v1beta1.NodeDefaults{DiskGiB: 4} }, []string{"spec.nodeDefaults.diskGiB"}},
		{"network", func(l *v1beta1.EdgeLocation) {
			l.Spec.AWS = &v1beta1.AWSLocation{AccountID: "me", VPCID: "$(id)", SubnetIDs: map[string]string{"us-west-2a": "subnet-x"}}
		}, []string{"spec.aws.accountID", "spec.aws.vpcID", "spec.aws.subnetIDs[us-west-2a]", "spec.aws.securityGroupID"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			location := locationObject("bad")
			test.spoil(location)
			_, err := locations().Create(t.Context(), location, metav1.CreateOptions{})
			checkInvalid(t, err, test.fields)
		})
	}
}

func testBadTemplate(t *testing.T) {
	templates := lab.teamA.OmniV1beta1().NodeTemplates(teamA)
	for _, test := range []struct {
		name   string
		spec   v1beta1.NodeTemplateSpec
		fields []string
	}{
		{"memory", v1beta1.NodeTemplateSpec{Constraints: v1beta1.NodeConstraints{
			MinMemory: new(resource.MustParse("-1Gi")), MaxMemory: new(resource.MustParse("0")),
		}}, []string{"spec.constraints.minMemory", "spec.constraints.maxMemory"}},
		{"minimum above maximum", v1beta1.NodeTemplateSpec{Constraints: v1beta1.NodeConstraints{MinCPU: 8, MaxCPU: 4}}, []string{"spec.constraints.minCPU"}},
		{"limits", v1beta1.NodeTemplateSpec{Limits: v1beta1.TemplateLimits{
			Edges: new(int32(-1)), CPU: new(resource.MustParse("-64")), HourlyPrice: "cheap",
		}}, []string{"spec.limits.edges", "spec.limits.cpu", "spec.limits.hourlyPrice"}},
		{"capacity type", v1beta1.NodeTemplateSpec{Constraints: v1beta1.NodeConstraints{
			CapacityTypes: []v1beta1.CapacityType{"reserved"},
		}}, []string{"spec.constraints.capacityTypes[0]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			template := &v1beta1.NodeTemplate{ObjectMeta: metav1.ObjectMeta{Name: "bad"}, Spec: test.spec}
			_, err := templates.Create(t.Context(), template, metav1.CreateOptions{})
			checkInvalid(t, err, test.fields)
		})
	}
}

func testBadEdge(t *testing.T) {
	edge := &v1beta1.Edge{ObjectMeta: metav1.ObjectMeta{Name: "bad"}, Spec: v1beta1.EdgeSpec{InstanceType: "a big one", CapacityType: "free"}}
	_, err := edges().Create(t.Context(), edge, metav1.CreateOptions{})
	checkInvalid(t, err, []string{"spec.edgeLocationName", "spec.instanceType", "spec.capacityType"})
}

// checkInvalid wants a 422 with exactly these fields among its causes.
func checkInvalid(t *testing.T, err error, fields []string) {
	t.Helper()
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Code != http.StatusUnprocessableEntity || status.Status().Details == nil {
		t.Fatalf("it was answered with %v, want 422 with causes", err)
	}
	named := map[string]bool{}
	for _, cause := range status.Status().Details.Causes {
		named[cause.Field] = true
		if cause.Message == "" {
			t.Errorf("the cause %s has no message", cause.Field)
		}
	}
	for _, field := range fields {
		if !named[field] {
			t.Errorf("%s is not among the causes: %v", field, err)
		}
		delete(named, field)
	}
	if len(named) > 0 {
		t.Errorf("causes for fields that are good: %v", named)
	}
}

// testMalformed: what cannot be decoded is a 400 that says where.
func testMalformed(t *testing.T) {
	for _, test := range []struct{ name, resource, body, says string }{
		{"unknown field", "edgelocations", `{"metadata":{"name":"bad"},"spec":{"provider":"AWS","regoin":"us-west-2"}}`, `unknown field "spec.regoin"`},
		{"field twice", "edgelocations", `{"metadata":{"name":"bad"},"spec":{"region":"us-west-2","region":"eu-west-1"}}`, `duplicate field "spec.region"`},
		{"quantity", "nodetemplates", `{"metadata":{"name":"bad"},"spec":{"constraints":{"minMemory":"4 GB"}}}`, "quantities must match"},
		{"duration", "nodetemplates", `{"metadata":{"name":"bad"},"spec":{"disruption":{"consolidateAfter":"soon"}}}`, "invalid duration"},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(test.body), &body); err != nil {
				t.Fatal(err)
			}
			err := lab.teamA.OmniV1beta1().RESTClient().Post().Namespace(teamA).Resource(test.resource).
				Param("fieldValidation", metav1.FieldValidationStrict).Body([]byte(test.body)).Do(t.Context()).Error()
			if !apierrors.IsBadRequest(err) || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("it was answered with %v, want 400 that says %s", err, test.says)
			}
		})
	}
}

// testWrongToken: nobody gets in with a token that is not of this location, and
// nothing changes.
func testWrongToken(t *testing.T) {
	newLocation(t, "token")
	before, err := locations().Get(t.Context(), "token", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	aws := &v1beta1.AWSLocation{
		AccountID: "123456789012", VPCID: "vpc-0a1b2c3d4e5f60718", SecurityGroupID: "sg-0a1b2c3d4e5f60718",
		SubnetIDs: map[string]string{"us-west-2a": "subnet-0a1b2c3d4e5f60718"},
	}
	for _, test := range []struct{ name, token string }{{"wrong", "omni1.wrong"}, {"none", ""}} {
		err := subresource(lab.teamB, "POST", "edgelocations", "token", "onboarding").
			Body(&v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{Token: test.token, AWS: aws}}).Do(t.Context()).Error()
		if !apierrors.IsForbidden(err) {
			t.Errorf("token %s: %v, want 403", test.name, err)
		}
	}
	after, err := locations().Get(t.Context(), "token", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.ResourceVersion != before.ResourceVersion || !apiequality.Semantic.DeepEqual(after, before) {
		t.Errorf("a refused registration changed the location from %+v to %+v", before, after)
	}
}
