// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	rbacvalidation "k8s.io/component-helpers/auth/rbac/validation"
	"sigs.k8s.io/yaml"
)

// roles are the ClusterRoles we ship, aggregated as the main cluster would.
var roles = loadRoles("../../artifacts/deploy/rbac/roles.yaml")

func loadRoles(path string) map[string]*rbacv1.ClusterRole {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	roles := map[string]*rbacv1.ClusterRole{}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(err)
		}
		role := &rbacv1.ClusterRole{}
		if err := yaml.UnmarshalStrict(document, role); err == nil && role.Kind == "ClusterRole" {
			roles[role.Name] = role
		}
	}
	// The cluster's own roles take part in the aggregation.
	for _, name := range []string{"view", "edit", "admin"} {
		roles[name] = &rbacv1.ClusterRole{AggregationRule: aggregate("rbac.authorization.k8s.io/aggregate-to-" + name)}
	}
	plain := slices.DeleteFunc(slices.Collect(maps.Values(roles)), func(r *rbacv1.ClusterRole) bool { return r.AggregationRule != nil })
	for _, role := range roles {
		if role.AggregationRule == nil {
			continue
		}
		for _, part := range plain {
			for _, selector := range role.AggregationRule.ClusterRoleSelectors {
				if labels.SelectorFromSet(selector.MatchLabels).Matches(labels.Set(part.Labels)) {
					role.Rules = append(role.Rules, part.Rules...)
				}
			}
		}
	}
	// Kubernetes labels view and edit so that edit has view, and admin has edit.
	roles["edit"].Rules = append(roles["edit"].Rules, roles["view"].Rules...)
	roles["admin"].Rules = append(roles["admin"].Rules, roles["edit"].Rules...)
	return roles
}

func aggregate(label string) *rbacv1.AggregationRule {
	return &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{label: "true"}}}}
}

func allowed(role, verb, resource string) bool {
	covered, _ := rbacvalidation.Covers(roles[role].Rules, []rbacv1.PolicyRule{{
		Verbs: []string{verb}, APIGroups: []string{"omni.cast.ai"}, Resources: []string{resource},
	}})
	return covered
}

// authorize binds the users viewer, editor and onboarder to our roles, and
// everybody to omni-registration.
func authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	resource := a.GetResource()
	if a.GetSubresource() != "" {
		resource += "/" + a.GetSubresource()
	}
	var ok bool
	switch name := a.GetUser().GetName(); {
	case slices.Contains(a.GetUser().GetGroups(), user.SystemPrivilegedGroup):
		ok = true
	case !a.IsResourceRequest():
		ok = a.GetVerb() == "get"
	default:
		ok = allowed("omni-registration", a.GetVerb(), resource) || roles["omni-"+name] != nil && allowed("omni-"+name, a.GetVerb(), resource)
	}
	if ok {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// TestRoles is the matrix of role, verb and resource: every pair that is not
// listed is refused.
func TestRoles(t *testing.T) {
	const (
		kinds   = "edgelocations nodetemplates edges"
		status  = "edgelocations/status nodetemplates/status edges/status"
		scripts = "edgelocations/onboard-script edgelocations/offboard-script"
		others  = scripts + " edgelocations/onboarding edges/console-output nodetemplates/instances"
		verbs   = "get list watch create update patch delete deletecollection"
	)
	subresources := grants("get", scripts+" edges/console-output nodetemplates/instances")
	onboard := append(grants("get list watch", "edgelocations"), grants("get create", "edgelocations/onboard-script")...)
	onboard = append(onboard, "get edgelocations/offboard-script")
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
