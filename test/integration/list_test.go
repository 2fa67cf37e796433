// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/options"
)

// createEdges makes so many edges with a label that no other test's have.
func (s *testServer) createEdges(label string, count int) (last *v1beta1.Edge) {
	s.t.Helper()
	for i := range count {
		edge := newEdge(fmt.Sprintf("%s-%d", label, i), "aws")
		edge.Labels = map[string]string{"test": label}
		created, err := s.client().OmniV1beta1().Edges(namespace).Create(context.Background(), edge, metav1.CreateOptions{})
		if err != nil {
			s.t.Fatal(err)
		}
		last = created
	}
	return last
}

func testResourceVersions(t *testing.T, s *testServer) {
	ctx, edges := context.Background(), s.client().OmniV1beta1().Edges(namespace)
	second := s.createEdges("version", 2).ResourceVersion
	if err := edges.Delete(ctx, "version-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		options metav1.ListOptions
		want    int
	}{
		{"the newest", metav1.ListOptions{}, 1},
		{"as it was exactly then", metav1.ListOptions{ResourceVersion: second, ResourceVersionMatch: metav1.ResourceVersionMatchExact}, 2},
		{"the newest in pages", metav1.ListOptions{Limit: 500}, 1},
	} {
		test.options.LabelSelector = "test=version"
		list, err := edges.List(ctx, test.options)
		if err != nil || len(list.Items) != test.want {
			t.Errorf("%s: %v, %d edges, want %d", test.name, err, len(list.Items), test.want)
		}
		if test.options.ResourceVersionMatch == metav1.ResourceVersionMatchExact && list.ResourceVersion != second {
			t.Errorf("%s: version %s, want %s", test.name, list.ResourceVersion, second)
		}
	}
	// Not older than a write sees that write, from the watch cache.
	list, err := edges.List(ctx, metav1.ListOptions{LabelSelector: "test=version", ResourceVersion: second, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	if err != nil || len(list.Items) == 0 {
		t.Errorf("not older than the second edge: %v, %d edges", err, len(list.Items))
	}
	// The far future: wait a while, then say so; clients then start anew.
	for _, verb := range []string{path("edges") + "?", path("edges", "version-1") + "?"} {
		s.expect(exchange{"a version of the future", get, verb + "resourceVersion=999999999", nil, "", 504, "ResourceVersionTooLarge"})
	}
}

func testPaging(t *testing.T, s *testServer) {
	ctx, edges := context.Background(), s.client().OmniV1beta1().Edges(namespace)
	s.createEdges("page", 5)
	var names, versions []string
	options := metav1.ListOptions{LabelSelector: "test=page", Limit: 2}
	for {
		page, err := edges.List(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, edge := range page.Items {
			names = append(names, edge.Name)
		}
		versions = append(versions, page.ResourceVersion)
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
		if len(names) == 2 {
			// A page of a list is of the moment the list began.
			if err := edges.Delete(ctx, "page-4", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := strings.Join(names, " "), "page-0 page-1 page-2 page-3 page-4"; got != want {
		t.Errorf("pages of %s, want %s", got, want)
	}
	for _, version := range versions {
		if version != versions[0] {
			t.Errorf("versions of the pages are %q, want one", versions)
			break
		}
	}
	list, err := edges.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil || list.RemainingItemCount == nil || *list.RemainingItemCount < 3 {
		t.Errorf("a page of 1 without a selector: %v, remaining %v, want 3 or more", err, list.RemainingItemCount)
	}
	s.expect(
		exchange{"no token at all", get, query(path("edges"), "limit=1", "continue=x"), nil, "", 400, "continue"},
		exchange{"a token and a version", get, query(path("edges"), "limit=1", "resourceVersion=1", "continue="+url.QueryEscape(list.Continue)), nil, "", 400, "continue"},
	)
}

// TestExpiredToken: after compaction a list cannot go on as of when it began.
func TestExpiredToken(t *testing.T) {
	s := newServer(t, func(o *options.Options) {
		o.Recommended.Etcd.StorageConfig.CompactionInterval = 200 * time.Millisecond
	})
	edges := s.client().OmniV1beta1().Edges(namespace)
	s.createEdges("expired", 4)
	first, err := edges.List(context.Background(), metav1.ListOptions{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	s.createEdges("newer", 1)
	var expired error
	err = wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, expired = edges.List(ctx, metav1.ListOptions{Limit: 2, Continue: first.Continue})
		return expired != nil, nil
	})
	if err != nil || !apierrors.IsResourceExpired(expired) {
		t.Fatalf("%v, %v; want 410 Expired", err, expired)
	}
	// The answer has a token to go on with, as of now.
	token := expired.(apierrors.APIStatus).Status().Continue
	rest, err := edges.List(context.Background(), metav1.ListOptions{Continue: token})
	if err != nil || len(rest.Items) != 3 {
		t.Errorf("going on with %q: %v, %d edges, want expired-2, expired-3, newer-0", token, err, len(rest.Items))
	}
}

// testIndex: a list by a field reads the index, with the newest version as well.
// That it looks at nothing else is shown where the index is (TestListByIndex).
func testIndex(t *testing.T, s *testServer) {
	const metric = `apiserver_cache_list_total{group="omni.cast.ai",index="f:spec.edgeLocationName",resource="edges"}`
	if _, err := s.client().OmniV1beta1().Edges(namespace).List(context.Background(), metav1.ListOptions{FieldSelector: "spec.edgeLocationName=indexed"}); err != nil {
		t.Fatal(err)
	}
	s.expect(exchange{"metrics", get, "/metrics", nil, "", 200, metric})
}

// testSelectableFields names every field of every kind in every version, with a
// value that selects the object and with one that does not.
func testSelectableFields(t *testing.T, s *testServer) {
	s.createLocation(t, "fielded")
	s.createEdges("fielded", 1)
	if _, err := s.client().OmniV1beta1().NodeTemplates(namespace).Create(context.Background(), newTemplate("fielded"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	group, err := s.client().Discovery().ServerGroups()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range group.Groups[0].Versions {
		for resource, fields := range map[string]string{
			"edgelocations": "metadata.name=fielded metadata.namespace=team-a spec.provider=AWS spec.region=us-west-2 status.phase=Pending",
			"nodetemplates": "metadata.name=fielded metadata.namespace=team-a",
			"edges":         "metadata.name=fielded-0 metadata.namespace=team-a spec.edgeLocationName=aws spec.nodeTemplateName=batch status.phase=Pending",
		} {
			all := strings.ReplaceAll(fields, " ", ",")
			at := "/apis/" + version.GroupVersion + "/namespaces/" + namespace + "/" + resource + "?fieldSelector="
			s.expect(exchange{resource, get, at + url.QueryEscape(all), nil, "", 200, `"name":"fielded`})
			for field := range strings.FieldsSeq(fields) {
				s.expect(exchange{resource, get, at + url.QueryEscape(strings.Replace(all, field, field+"-not", 1)), nil, "", 200, `"items":[]`})
			}
		}
	}
}
