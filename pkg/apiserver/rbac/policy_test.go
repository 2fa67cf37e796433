// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package rbac

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/castai/omni/artifacts"
)

const bindings = `
# Nothing but a comment.
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: team-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: team-a}
- {kind: ServiceAccount, name: bot}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: omni-viewer}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: vera}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: one, namespace: team-b}
rules:
- {apiGroups: [omni.cast.ai], resources: [edgelocations], resourceNames: [oregon], verbs: [get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: one, namespace: team-b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: one}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: otto}
`

func TestAuthorize(t *testing.T) {
	policy, err := Parse(Kubernetes, Source{Name: "roles", YAML: artifacts.Roles}, Source{Name: "bindings", YAML: []byte(bindings)})
	if err != nil {
		t.Fatal(err)
	}
	// user[,group...] verb namespace/resource[/subresource][ name] or a path
	for request, want := range map[string]bool{
		"anna,team-a create team-a edgelocations":                           true,
		"anna,team-a get team-a edgelocations oregon":                       true,
		"anna,team-a get team-a edgelocations/status oregon":                true, // edit has view
		"anna,team-a create team-a edgelocations/onboard-script oregon":     false,
		"anna,team-a create team-b edgelocations":                           false,
		"anna,team-a list * edgelocations":                                  false,
		"anna list team-a edgelocations":                                    false,
		"system:serviceaccount:team-a:bot delete team-a edges e":            true,
		"system:serviceaccount:team-b:bot delete team-a edges e":            false,
		"vera list * edgelocations":                                         true,
		"vera list team-b edgelocations":                                    true,
		"vera update team-b edgelocations oregon":                           false,
		"otto get team-b edgelocations oregon":                              true,
		"otto get team-b edgelocations ohio":                                false,
		"otto list team-b edgelocations":                                    false,
		"root,system:masters delete * edgelocations oregon":                 true,
		"root,system:masters get /metrics":                                  true,
		"vera get /metrics":                                                 false,
		"vera,system:authenticated get /apis/omni.cast.ai/v1beta1":          true,
		"vera,system:authenticated post /apis":                              false,
		"system:anonymous,system:unauthenticated get /readyz":               true,
		"system:anonymous,system:unauthenticated get /apis":                 false,
		"x,system:unauthenticated create team-b edgelocations/onboarding o": true,
	} {
		if decision, _, err := policy.Authorize(context.Background(), parse(request)); err != nil || (decision == authorizer.DecisionAllow) != want {
			t.Errorf("%s: %v %v, want allowed: %v", request, decision, err, want)
		}
	}
}

func parse(request string) authorizer.Attributes {
	fields := strings.Fields(request)
	who := strings.Split(fields[0], ",")
	a := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: who[0], Groups: who[1:]}, Verb: fields[1]}
	if strings.HasPrefix(fields[2], "/") {
		a.Path = fields[2]
		return a
	}
	a.ResourceRequest, a.APIGroup = true, "omni.cast.ai"
	a.Namespace = strings.TrimPrefix(fields[2], "*")
	a.Resource, a.Subresource, _ = strings.Cut(fields[3], "/")
	if len(fields) > 4 {
		a.Name = fields[4]
	}
	return a
}

func TestParseRefuses(t *testing.T) {
	const header = "apiVersion: rbac.authorization.k8s.io/v1\n"
	for name, test := range map[string]struct{ yaml, want string }{
		"another kind":   {"apiVersion: v1\nkind: Pod\n", `no kind "Pod"`},
		"a list":         {header + "kind: RoleList\nitems: []\n", "documents of their own"},
		"a typing error": {header + "kind: Role\nmetadata: {name: r, namespace: a}\nrule: []\n", `unknown field "rule"`},
		"no name":        {header + "kind: ClusterRole\n", "document 1: ClusterRole: metadata.name is missing"},
		"no namespace":   {header + "kind: Role\nmetadata: {name: r}\n", "Role r: metadata.namespace is missing"},
		"a namespace":    {header + "kind: ClusterRole\nmetadata: {name: r, namespace: a}\n", "drop metadata.namespace"},
		"twice":          {header + "kind: ClusterRole\nmetadata: {name: view}\n", "ClusterRole view is there already"},
		"a role that is not there": {header + "kind: RoleBinding\nmetadata: {name: b, namespace: a}\nroleRef: {kind: Role, name: view}\n",
			"RoleBinding a/b: roleRef: there is no Role a/view"},
	} {
		if _, err := Parse(Kubernetes, Source{Name: "rbac.yaml", YAML: []byte(test.yaml)}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
}
