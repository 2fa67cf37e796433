// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"
)

// TestSemantics: what clients of any Kubernetes API count on.
func TestSemantics(t *testing.T) {
	s := newServer(t)
	for name, test := range map[string]func(*testing.T, *testServer){
		"patches of every type":                     testPatches,
		"apply: conflict, force and ownership":      testOwnership,
		"dry-run stores nothing":                    testDryRun,
		"dry-run mints nothing":                     testDryRunMint,
		"bad input":                                 testBadInput,
		"too large":                                 testTooLarge,
		"unknown and duplicate fields":              testFieldValidation,
		"media types":                               testMediaTypes,
		"metadata in protobuf":                      testMetadata,
		"resource versions":                         testResourceVersions,
		"paging":                                    testPaging,
		"selectable fields":                         testSelectableFields,
		"a list by a field reads the index":         testIndex,
		"deletecollection":                          testDeleteCollection,
		"finalizers":                                testFinalizers,
		"preconditions":                             testPreconditions,
		"generated names":                           testGenerateName,
		"a watch in tables":                         testWatchTable,
		"initial events end with a bookmark":        testInitialEvents,
		"informers sync by streaming":               testStreamingInformers,
		"warnings on create and update":             testZoneWarnings,
		"no update is lost":                         testConflicts,
		"the main and the status endpoint together": testTwoEndpoints,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, &testServer{t: t, admin: s.admin, clock: s.clock})
		})
	}
}

// exchange is a request of the admin and what its answer has to be.
type exchange struct {
	name, method, path string
	header             map[string]string
	body               string
	code               int
	// says is part of the answer's body.
	says string
}

func (s *testServer) expect(exchanges ...exchange) {
	s.t.Helper()
	for _, e := range exchanges {
		answer := s.do("admin", e.method, e.path, e.header, []byte(e.body))
		if answer.code != e.code || !strings.Contains(answer.body, e.says) {
			s.t.Errorf("%s: %d %s\nwant %d %q", e.name, answer.code, answer.body, e.code, e.says)
		}
	}
}

func contentType(mediaType string) map[string]string {
	return map[string]string{"Content-Type": mediaType}
}

func accept(mediaTypes ...string) map[string]string {
	return map[string]string{"Accept": strings.Join(mediaTypes, ",")}
}

// query appends parameters to a path.
func query(path string, parameters ...string) string {
	return path + "?" + strings.Join(parameters, "&")
}

const (
	get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	// template is the shortest object that is valid.
	template = `{"apiVersion":"omni.cast.ai/v1beta1","kind":"NodeTemplate","metadata":{"name":"new"}}`
)
