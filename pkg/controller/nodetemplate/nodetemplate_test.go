// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package nodetemplate

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func TestSummarize(t *testing.T) {
	location := func(name string, ready metav1.ConditionStatus) v1beta1.EdgeLocation {
		return v1beta1.EdgeLocation{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Status:     v1beta1.EdgeLocationStatus{Conditions: []metav1.Condition{{Type: v1beta1.ConditionReady, Status: ready}}},
		}
	}
	all := []v1beta1.EdgeLocation{location("b", metav1.ConditionTrue), location("a", metav1.ConditionUnknown)}
	for name, tc := range map[string]struct {
		spec      v1beta1.TemplateEdgeLocations
		locations []string
		reason    string
	}{
		"disabled":              {v1beta1.TemplateEdgeLocations{Names: []string{"b"}}, nil, "EdgeLocationsDisabled"},
		"all of them":           {v1beta1.TemplateEdgeLocations{Enabled: true}, []string{"a", "b"}, "Ready"},
		"one that is ready":     {v1beta1.TemplateEdgeLocations{Enabled: true, Names: []string{"b"}}, []string{"b"}, "Ready"},
		"one that is not":       {v1beta1.TemplateEdgeLocations{Enabled: true, Names: []string{"a"}}, []string{"a"}, "NoEdgeLocationReady"},
		"one that is not there": {v1beta1.TemplateEdgeLocations{Enabled: true, Names: []string{"c"}}, nil, "NoEdgeLocation"},
	} {
		template := &v1beta1.NodeTemplate{
			ObjectMeta: metav1.ObjectMeta{Name: "t", Generation: 7}, Spec: v1beta1.NodeTemplateSpec{EdgeLocations: tc.spec},
		}
		summarize(template, all, []v1beta1.Edge{
			{Spec: v1beta1.EdgeSpec{NodeTemplateName: "t"}, Status: v1beta1.EdgeStatus{HourlyPrice: "0.1"}},
			{Spec: v1beta1.EdgeSpec{NodeTemplateName: "t"}, Status: v1beta1.EdgeStatus{HourlyPrice: "0.2"}},
			{Spec: v1beta1.EdgeSpec{NodeTemplateName: "other"}, Status: v1beta1.EdgeStatus{HourlyPrice: "9"}},
		})
		status := template.Status
		condition := meta.FindStatusCondition(status.Conditions, v1beta1.ConditionReady)
		if condition == nil || condition.Reason != tc.reason || (condition.Status == metav1.ConditionTrue) != (tc.reason == "Ready") {
			t.Errorf("%s: condition = %+v", name, condition)
		}
		if !slices.Equal(status.EdgeLocations, tc.locations) || status.Edges != 2 || status.HourlyPrice != "0.3" || status.ObservedGeneration != 7 {
			t.Errorf("%s: status = %+v", name, status)
		}
	}
}
