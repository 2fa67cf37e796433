// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
)

const (
	invalid     = string(field.ErrorTypeInvalid) + " "
	required    = string(field.ErrorTypeRequired) + " "
	unsupported = string(field.ErrorTypeNotSupported) + " "
	duplicate   = string(field.ErrorTypeDuplicate) + " "
	tooLong     = string(field.ErrorTypeTooLong) + " "
	tooMany     = string(field.ErrorTypeTooMany) + " "
	forbidden   = string(field.ErrorTypeForbidden) + " "
)

func edge(change func(*omni.Edge)) *omni.Edge {
	e := &omni.Edge{
		ObjectMeta: metav1.ObjectMeta{Name: "edge", Namespace: "team-a", ResourceVersion: "1"},
		Spec: omni.EdgeSpec{
			EdgeLocationName: "aws-oregon", NodeTemplateName: "batch", InstanceType: "u-6tb1.112xlarge", Zone: "us-west-2a",
			CapacityType: omni.CapacitySpot, ImageID: "ami-0a1b2c3d",
		},
	}
	if change != nil {
		change(e)
	}
	return e
}

func TestValidateEdge(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*omni.Edge)
		want   []string
	}{
		"valid":   {},
		"by hand": {change: func(e *omni.Edge) { e.Spec.NodeTemplateName, e.Spec.Zone, e.Spec.ImageID = "", "", "" }},
		"nothing said": {
			change: func(e *omni.Edge) { e.Spec = omni.EdgeSpec{} },
			want:   []string{required + "spec.edgeLocationName", required + "spec.instanceType", required + "spec.capacityType"},
		},
		"shapes": {
			change: func(e *omni.Edge) {
				e.Spec = omni.EdgeSpec{
					EdgeLocationName: "A", NodeTemplateName: "B", InstanceType: "m7i large", Zone: "a b", CapacityType: "free", ImageID: "x\n",
					Labels: map[string]string{"liqo.io/x": ""}, Taints: []corev1.Taint{{Key: "liqo.io/x", Effect: corev1.TaintEffectNoExecute}},
				}
			},
			want: []string{
				invalid + "spec.edgeLocationName", invalid + "spec.nodeTemplateName", invalid + "spec.instanceType", invalid + "spec.zone",
				unsupported + "spec.capacityType", invalid + "spec.imageID", invalid + "spec.labels[liqo.io/x]", invalid + "spec.taints[0].key",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectCreate(t, edge(test.change), test.want)
		})
	}
	changed := edge(func(e *omni.Edge) { e.Spec.Zone = "us-west-2b" })
	expectUpdate(t, changed, edge(nil), []string{invalid + "spec"})
	labelled := edge(func(e *omni.Edge) { e.Labels = map[string]string{"a": "b"} })
	expectUpdate(t, labelled, edge(nil), nil)
}

func TestValidateStatus(t *testing.T) {
	condition := []metav1.Condition{{Type: "Ready", Status: "Maybe", Reason: "Because", LastTransitionTime: metav1.Unix(1, 0)}}
	expectStatusUpdate(t, location(func(l *omni.EdgeLocation) {
		l.Status = omni.EdgeLocationStatus{Phase: "Lost", Edges: -1, HourlyPrice: "-1", Conditions: condition}
	}), location(nil), []string{
		unsupported + "status.phase", invalid + "status.edges", invalid + "status.hourlyPrice", unsupported + "status.conditions[0].status",
	})
	nodeTemplate := template(nil)
	nodeTemplate.Status = omni.NodeTemplateStatus{Edges: -1, HourlyPrice: "free", Conditions: condition}
	expectStatusUpdate(t, nodeTemplate, template(nil), []string{
		invalid + "status.edges", invalid + "status.hourlyPrice", unsupported + "status.conditions[0].status",
	})
	expectStatusUpdate(t, edge(func(e *omni.Edge) {
		e.Status = omni.EdgeStatus{Phase: "Lost", HourlyPrice: "1,5", Conditions: condition}
	}), edge(nil), []string{
		unsupported + "status.phase", invalid + "status.hourlyPrice", unsupported + "status.conditions[0].status",
	})
}

func TestValidateOnboardScriptRequest(t *testing.T) {
	for seconds, want := range map[int64][]string{
		59: {invalid + "spec.expirationSeconds"}, 60: nil, 86400: nil, 86401: {invalid + "spec.expirationSeconds"},
	} {
		expect(t, validation.ValidateOnboardScriptRequest(&omni.OnboardScriptRequest{Spec: omni.OnboardScriptRequestSpec{ExpirationSeconds: seconds}}), want)
	}
}
