// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/castai/omni/artifacts"
	"github.com/castai/omni/pkg/apiserver/rbac"
)

// policy binds to every role that we ship, or take part in, a user of its name, and
// the users viewer, editor and onboarder to omni-viewer, omni-editor, omni-onboarder.
var policy = newPolicy()

func newPolicy() *rbac.Policy {
	var bindings strings.Builder
	bind := func(role, user string) {
		fmt.Fprintf(&bindings, `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: test-%[2]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[2]s}]
`, role, user)
	}
	for _, role := range []string{"omni-viewer", "omni-editor", "omni-onboarder", "omni-admin", "view", "edit", "admin"} {
		bind(role, role)
	}
	for _, user := range []string{"viewer", "editor", "onboarder"} {
		bind("omni-"+user, user)
	}
	policy, err := rbac.Parse(rbac.Kubernetes, rbac.Source{Name: "roles.yaml", YAML: artifacts.Roles},
		rbac.Source{Name: "bindings of the tests", YAML: []byte(bindings.String())})
	utilruntime.Must(err)
	return policy
}

// allowed says whether the role allows the verb, in any namespace.
func allowed(role, verb, resource string) bool {
	a := authorizer.AttributesRecord{
		User: &user.DefaultInfo{Name: role}, Verb: verb,
		Namespace: namespace, APIGroup: "omni.cast.ai", ResourceRequest: true,
	}
	if role == "omni-registration" {
		a.User = &user.DefaultInfo{Groups: []string{user.AllUnauthenticated}}
	}
	a.Resource, a.Subresource, _ = strings.Cut(resource, "/")
	decision, _, _ := policy.Authorize(context.Background(), a)
	return decision == authorizer.DecisionAllow
}

// TestRoles is the matrix of role, verb and resource: every pair that is not
// listed is refused.
func TestRoles(t *testing.T) {
	const (
		kinds   = "edgelocations nodetemplates edges"
		status  = "edgelocations/status nodetemplates/status edges/status"
		scripts = "edgelocations/onboard-script edgelocations/offboard-script"
		others  = scripts + " edgelocations/onboarding edges/console-output edges/join-command nodetemplates/instances"
		verbs   = "get list watch create update patch delete deletecollection"
	)
	subresources := grants("get", scripts+" edges/console-output nodetemplates/instances")
	onboard := append(grants("get list watch", "edgelocations"), grants("get create", "edgelocations/onboard-script")...)
	onboard = append(onboard, "get edgelocations/offboard-script", "create edges/join-command")
	onboard = append(onboard, grants("get list watch", "edges")...)
	viewer := slices.Concat(grants("get list watch", kinds+" "+status), subresources)
	editor := slices.Concat(grants(verbs, kinds), grants("get", status), subresources)
	columns := []struct {
		role string
		want []string
	}{
		{"omni-viewer", viewer},
		{"omni-editor", editor},
		{"omni-onboarder", onboard},
		{"omni-admin", slices.Concat(viewer, editor, onboard)},
		{"omni-registration", grants("create", "edgelocations/onboarding")},
		{"view", viewer},
		{"edit", slices.Concat(viewer, editor)},
		{"admin", slices.Concat(viewer, editor, onboard)},
	}
	var matrix strings.Builder
	printed := tabwriter.NewWriter(&matrix, 0, 0, 2, ' ', 0)
	fmt.Fprint(printed, "VERB\tRESOURCE")
	for _, column := range columns {
		fmt.Fprint(printed, "\t", column.role)
	}
	for _, grant := range grants(verbs, kinds+" "+status+" "+others) {
		verb, resource, _ := strings.Cut(grant, " ")
		fmt.Fprintf(printed, "\n%s\t%s", verb, resource)
		for _, column := range columns {
			got := allowed(column.role, verb, resource)
			if got != slices.Contains(column.want, grant) {
				t.Errorf("%s may %s %s: %v", column.role, verb, resource, got)
			}
			fmt.Fprint(printed, "\t", map[bool]string{true: "yes", false: "-"}[got])
		}
	}
	if err := printed.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + matrix.String())
}

func grants(verbs, resources string) []string {
	var all []string
	for verb := range strings.FieldsSeq(verbs) {
		for resource := range strings.FieldsSeq(resources) {
			all = append(all, verb+" "+resource)
		}
	}
	return all
}

// TestTeamExample: each person of the example may do what its comments say.
func TestTeamExample(t *testing.T) {
	example, err := os.ReadFile("../../artifacts/examples/team.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := rbac.Parse(rbac.Source{Name: "roles.yaml", YAML: artifacts.Roles}, rbac.Source{Name: "team.yaml", YAML: example})
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[string][]string{
		"team-a":       {"list edgelocations", "get edgelocations/onboard-script", "get nodetemplates/instances"},
		"team-a-leads": {"list edgelocations", "get edgelocations/onboard-script", "get nodetemplates/instances", "create edges"},
		"team-a-cloud": {"list edgelocations", "get edgelocations/onboard-script", "create edgelocations/onboard-script"},
		"accountants":  {"get nodetemplates/instances"},
	} {
		for _, namespace := range []string{"team-a", "team-b", ""} {
			for _, grant := range []string{
				"list edgelocations", "create edges", "get edgelocations/onboard-script", "create edgelocations/onboard-script", "get nodetemplates/instances",
			} {
				a := authorizer.AttributesRecord{
					User: &user.DefaultInfo{Name: "somebody", Groups: []string{group}}, Namespace: namespace,
					APIGroup: "omni.cast.ai", Name: "default", ResourceRequest: true,
				}
				a.Verb, a.Resource, _ = strings.Cut(grant, " ")
				a.Resource, a.Subresource, _ = strings.Cut(a.Resource, "/")
				decision, _, _ := policy.Authorize(t.Context(), a)
				if got := decision == authorizer.DecisionAllow; got != (namespace == "team-a" && slices.Contains(want, grant)) {
					t.Errorf("%s in %q may %s: %v", group, namespace, grant, got)
				}
			}
		}
	}
}
