// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// testConsoleOutput: a team reads the console of its machine, all the way from the
// cloud: omni-controller asks it, for omni-apiserver, for the aggregator.
func testConsoleOutput(t *testing.T) {
	edge, _ := theEdge(t)
	console := func(name string) *rest.Request { return subresource(lab.teamA, "GET", "edges", name, "console-output") }
	output, err := console(edge.Name).SetHeader("Accept", "text/plain").Do(t.Context()).Raw()
	if err != nil || !strings.Contains(string(output), "Linux version") {
		t.Errorf("the console is %q, %v", output, err)
	}
	last, err := console(edge.Name).Param("tailLines", "1").Do(t.Context()).Raw()
	if err != nil || len(last) == 0 || len(last) >= len(output) || !strings.HasSuffix(string(output), string(last)) {
		t.Errorf("the last line is %q, %v", last, err)
	}
	if err := console("missing").Do(t.Context()).Error(); !apierrors.IsNotFound(err) {
		t.Errorf("an edge that does not exist: %v", err)
	}
	if err := subresource(lab.teamB, "GET", "edges", edge.Name, "console-output").Do(t.Context()).Error(); !apierrors.IsForbidden(err) {
		t.Errorf("another team: %v", err)
	}
}

// testOffboardScriptRefuses: the script finds the edge by the team's own kubectl, and
// leaves the network as it is.
func testOffboardScriptRefuses(t *testing.T) {
	edge, _ := theEdge(t)
	script, err := subresource(lab.teamA, "GET", "edgelocations", locationName, "offboard-script").Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	cmd := lab.shell(t.Context(), teamA, "bash")
	cmd.Stdin = strings.NewReader(string(script))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "still has edges (edge.omni.cast.ai/"+edge.Name+")") || strings.Contains(string(out), "deleted") {
		t.Errorf("the offboarding script: %v\n%s", err, out)
	}
}
