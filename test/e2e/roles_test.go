// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

const (
	reading = "get list watch"
	writing = " create update patch delete deletecollection"
)

// matrix is what a RoleBinding to each role lets its user do, by resource.
// Kubernetes aggregates what we ship into its own view, edit and admin.
var matrix = []struct {
	role   string
	grants map[string]string
}{
	{"omni-viewer", viewer("")},
	{"omni-editor", viewer(writing)},
	{"omni-onboarder", map[string]string{
		"edgelocations": reading, "edgelocations/onboard-script": "get create", "edgelocations/offboard-script": "get",
		"edges": reading, "edges/join-command": "create",
	}},
	{"omni-admin", admin()},
	{"view", viewer("")},
	{"edit", viewer(writing)},
	{"admin", admin()},
}

// viewer reads everything, and does more with the kinds themselves.
func viewer(more string) map[string]string {
	return map[string]string{
		"edgelocations": reading + more, "nodetemplates": reading + more, "edges": reading + more,
		"edgelocations/status": "get", "nodetemplates/status": "get", "edges/status": "get",
		"edgelocations/onboard-script": "get", "edgelocations/offboard-script": "get",
		"nodetemplates/instances": "get", "edges/console-output": "get",
	}
}

func admin() map[string]string {
	grants := viewer(writing)
	grants["edgelocations/onboard-script"] = "get create"
	grants["edges/join-command"] = "create"
	return grants
}

// rows are the verbs that there are requests for, by resource. Not among them is
// edgelocations/onboarding, which everybody may create: omni-apiserver itself
// refuses who has no token.
var rows = []struct{ resource, verbs string }{
	{"edgelocations", reading + writing}, {"nodetemplates", reading + writing}, {"edges", reading + writing},
	{"edgelocations/status", "get update patch"}, {"nodetemplates/status", "get update patch"}, {"edges/status", "get update patch"},
	{"edgelocations/onboard-script", "get create"}, {"edgelocations/offboard-script", "get"},
	{"nodetemplates/instances", "get"}, {"edges/console-output", "get"}, {"edges/join-command", "create"},
}

// TestRoleMatrix asks with real requests, through the aggregator, for every verb
// on every resource in the name of a user of each role, and prints the answers.
func TestRoleMatrix(t *testing.T) {
	const namespace = "matrix"
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	clients := make([]*versioned.Clientset, len(matrix))
	for i, column := range matrix {
		user := "matrix-" + column.role
		create(t, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: column.role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: column.role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
		})
		clients[i] = impersonate(t, user)
		// Both servers learn of the binding from a watch, and a refusal is
		// remembered for some seconds.
		eventually(t.Context(), t, column.role+" is bound", func(ctx context.Context) error {
			return authorized(ctx, clients[i], namespace, "get", "edgelocations")
		})
	}
	var printed strings.Builder
	table := tabwriter.NewWriter(&printed, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "VERB\tRESOURCE")
	for _, column := range matrix {
		fmt.Fprint(table, "\t", column.role)
	}
	for _, row := range rows {
		for verb := range strings.FieldsSeq(row.verbs) {
			fmt.Fprintf(table, "\n%s\t%s", verb, row.resource)
			for i, column := range matrix {
				err := authorized(t.Context(), clients[i], namespace, verb, row.resource)
				if want := slices.Contains(strings.Fields(column.grants[row.resource]), verb); (err == nil) != want {
					t.Errorf("%s: %s %s: %v, want allowed: %v", column.role, verb, row.resource, err, want)
				}
				fmt.Fprint(table, "\t", map[bool]string{true: "yes", false: "-"}[err == nil])
			}
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + printed.String())
}

// impersonate returns a client that acts as the user.
func impersonate(t *testing.T, user string) *versioned.Clientset {
	t.Helper()
	config, err := lab.config("admin")
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	client, err := versioned.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// authorized sends the request that needs the verb, about an object that is not
// there and dry, and returns the refusal if it was refused for who asks.
func authorized(ctx context.Context, client *versioned.Clientset, namespace, verb, resource string) error {
	resource, subresource, _ := strings.Cut(resource, "/")
	collection := "/namespaces/" + namespace + "/" + resource
	object := strings.TrimSuffix(collection+"/none/"+subresource, "/")
	request := map[string]apiRequest{
		"get":  {http.MethodGet, object},
		"list": {http.MethodGet, collection},
		// A watch that is let in is refused for this, instead of going on.
		"watch":            {http.MethodGet, collection + "?watch=true&resourceVersion=none"},
		"create":           {http.MethodPost, collection + "?dryRun=All"},
		"update":           {http.MethodPut, object + "?dryRun=All"},
		"patch":            {http.MethodPatch, object + "?dryRun=All"},
		"delete":           {http.MethodDelete, object + "?dryRun=All"},
		"deletecollection": {http.MethodDelete, collection + "?dryRun=All"},
	}[verb]
	if verb == "create" && subresource != "" {
		request.path = object + "?dryRun=All"
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := request.do(ctx, client)
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return nil
	}
	return err
}
