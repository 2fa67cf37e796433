// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"errors"
	"slices"
	"testing"

	"k8s.io/apiserver/pkg/authorization/authorizer"
)

func TestAllNamesFirst(t *testing.T) {
	down := errors.New("the main cluster does not answer")
	for name, test := range map[string]struct {
		attributes authorizer.AttributesRecord
		answers    map[string]authorizer.Decision // by name; none is an error
		want       authorizer.Decision
		asked      []string
	}{
		"allowed for all": {
			attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "a"},
			answers:    map[string]authorizer.Decision{"": authorizer.DecisionAllow},
			want:       authorizer.DecisionAllow, asked: []string{""},
		},
		"allowed by name": {
			attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "a"},
			answers:    map[string]authorizer.Decision{"": authorizer.DecisionNoOpinion, "a": authorizer.DecisionAllow},
			want:       authorizer.DecisionAllow, asked: []string{"", "a"},
		},
		"refused": {
			attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "b"},
			answers:    map[string]authorizer.Decision{"": authorizer.DecisionDeny, "b": authorizer.DecisionDeny},
			want:       authorizer.DecisionDeny, asked: []string{"", "b"},
		},
		"no name": {
			attributes: authorizer.AttributesRecord{ResourceRequest: true},
			answers:    map[string]authorizer.Decision{"": authorizer.DecisionNoOpinion},
			want:       authorizer.DecisionNoOpinion, asked: []string{""},
		},
		"no resource": {
			attributes: authorizer.AttributesRecord{Path: "/metrics", Name: "x"},
			answers:    map[string]authorizer.Decision{"x": authorizer.DecisionNoOpinion},
			want:       authorizer.DecisionNoOpinion, asked: []string{"x"},
		},
		"the main cluster is down": {
			attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "a"},
			want:       authorizer.DecisionNoOpinion, asked: []string{"", "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			main := authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
				asked = append(asked, a.GetName())
				if decision, ok := test.answers[a.GetName()]; ok {
					return decision, "", nil
				}
				return authorizer.DecisionNoOpinion, "", down
			})
			got, _, err := allNamesFirst(main).Authorize(t.Context(), test.attributes)
			if got != test.want || (err != nil) != (test.answers == nil) || !slices.Equal(asked, test.asked) {
				t.Errorf("decision %v, error %v, asked about %q; want %v, asked about %q", got, err, asked, test.want, test.asked)
			}
		})
	}
}
