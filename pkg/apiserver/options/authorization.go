// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"

	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// allNamesFirst asks whether the caller may do it to all objects of the kind in the
// namespace before it asks about one: in a SubjectAccessReview an empty name means
// all. The main cluster's answer is kept for ten seconds by what was asked, so who
// works with many objects is asked about once, and not once an object. A refusal of
// all says nothing about one, which roles may name.
func allNamesFirst(main authorizer.Authorizer) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(ctx context.Context, attributes authorizer.Attributes) (authorizer.Decision, string, error) {
		if attributes.IsResourceRequest() && attributes.GetName() != "" {
			decision, reason, err := main.Authorize(ctx, allNames{attributes})
			if err == nil && decision == authorizer.DecisionAllow {
				return decision, reason, nil
			}
		}
		return main.Authorize(ctx, attributes)
	})
}

// allNames are attributes without the name.
type allNames struct{ authorizer.Attributes }

// GetName implements authorizer.Attributes.
func (allNames) GetName() string { return "" }
