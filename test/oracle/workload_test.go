// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"compress/gzip"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

var (
	data   = flag.String("data", "../../pkg/scheduling/workload/testdata", "directory of catalog-omni-v1.json and workload-*.json, plain or gzipped")
	choose = flag.Bool("choose", false, "of the workloads, also say what kube-scheduler does when it chooses itself")
)

// overhead is what a machine costs besides its price, in US dollars per hour.
const overhead = 0.02

// TestWorkloads: of workloads of a thousand pods, kube-scheduler refuses none that
// the solver has placed, with the edges and without.
func TestWorkloads(t *testing.T) {
	catalog := readData(t, "catalog-omni-v1.json", workload.ReadCatalog)
	for _, name := range []string{"constrained-1000", "generic-1000", "mixed-1000", "gpu-60jobs"} {
		pods := readData(t, "workload-"+name+".json", workload.Read)
		for scope, keep := range map[string]func(string) bool{
			"all locations": func(string) bool { return true },
			"main only":     func(location string) bool { return location == workload.MainLocation },
		} {
			t.Run(name+" "+scope, func(t *testing.T) {
				problem := scheduling.Problem{Pods: pods.Pods(), Candidates: catalog.Candidates(keep, overhead)}
				verifyWorkload(t, &problem)
			})
		}
	}
}

func verifyWorkload(t *testing.T, problem *scheduling.Problem) {
	start := time.Now()
	decision := scheduling.Solve(*problem)
	solved := time.Since(start)
	report := check(t, problem, &decision)
	if len(report.Findings) > 0 {
		t.Errorf("%d findings, the first of them:\n%s", len(report.Findings), findings(&Report{Findings: report.Findings[:min(10, len(report.Findings))]}))
	}
	t.Logf("%d pods accepted on %d machines, %d unschedulable; bill %.3f, at least %.3f; solved in %v, checked in %v",
		report.Accepted, len(decision.Purchases), report.Unschedulable, decision.Cost, decision.LowerBound, solved, time.Since(start)-solved)
	if !*choose {
		return
	}
	for name, nominate := range map[string]func(*corev1.Pod) bool{"none": None, "all": All, "steady": Steady(&decision)} {
		outcome, err := Choose(t.Context(), problem, &decision, nominate, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("nominated %s: %v", name, outcome)
	}
}

// readData reads a file of the data directory.
func readData[T any](t *testing.T, name string, parse func(io.Reader) (*T, error)) *T {
	t.Helper()
	matches, err := filepath.Glob(filepath.Join(*data, name+"*"))
	if err != nil || len(matches) == 0 {
		t.Fatalf("there is no %s in %s: set -data", name, *data)
	}
	file, err := os.Open(matches[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var reader io.Reader = file
	if strings.HasSuffix(matches[0], ".gz") {
		if reader, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := parse(reader)
	if err != nil {
		t.Fatalf("%s: %v", matches[0], err)
	}
	return parsed
}
