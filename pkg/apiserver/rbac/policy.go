// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package rbac authorizes requests by RBAC objects from files, for a server that
// has no cluster to ask. The objects and their meaning are those of Kubernetes.
package rbac

import (
	"context"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	rbacvalidation "k8s.io/component-helpers/auth/rbac/validation"
)

// Policy says who may do what.
type Policy struct {
	grants []grant
}

// grant is a binding with the rules of its role.
type grant struct {
	// namespace that the grant holds in; empty: everywhere, and for paths that
	// are no resources.
	namespace string
	subjects  []rbacv1.Subject
	rules     []rbacv1.PolicyRule
}

func (p *Policy) bind(all objects, k key, ref rbacv1.RoleRef, subjects []rbacv1.Subject) error {
	rules, err := all.rules(k.namespace, ref)
	if err != nil {
		return err
	}
	p.grants = append(p.grants, grant{namespace: k.namespace, subjects: subjects, rules: rules})
	return nil
}

// Authorize allows what a binding allows and has no opinion on anything else. It
// is an authorizer.AuthorizerFunc and never returns an error.
func (p *Policy) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	wanted := []rbacv1.PolicyRule{ruleOf(a)}
	for _, grant := range p.grants {
		if !grant.holdsFor(a) {
			continue
		}
		if covered, _ := rbacvalidation.Covers(grant.rules, wanted); covered {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func (g *grant) holdsFor(a authorizer.Attributes) bool {
	if g.namespace != "" && (!a.IsResourceRequest() || a.GetNamespace() != g.namespace) {
		return false
	}
	return slices.ContainsFunc(g.subjects, func(s rbacv1.Subject) bool { return matches(s, g.namespace, a.GetUser()) })
}

func matches(subject rbacv1.Subject, namespace string, u user.Info) bool {
	switch subject.Kind {
	case rbacv1.UserKind:
		return u.GetName() == subject.Name
	case rbacv1.GroupKind:
		return slices.Contains(u.GetGroups(), subject.Name)
	case rbacv1.ServiceAccountKind:
		if subject.Namespace != "" {
			namespace = subject.Namespace
		}
		return serviceaccount.MatchesUsername(namespace, subject.Name, u.GetName())
	default:
		return false
	}
}

// ruleOf is the least rule that allows the request.
func ruleOf(a authorizer.Attributes) rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{Verbs: []string{a.GetVerb()}}
	if !a.IsResourceRequest() {
		rule.NonResourceURLs = []string{a.GetPath()}
		return rule
	}
	resource := a.GetResource()
	if a.GetSubresource() != "" {
		resource += "/" + a.GetSubresource()
	}
	rule.APIGroups, rule.Resources = []string{a.GetAPIGroup()}, []string{resource}
	if a.GetName() != "" {
		rule.ResourceNames = []string{a.GetName()}
	}
	return rule
}
