// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/oci"
	"github.com/castai/omni/test/tool"
)

// story is what is played on one cloud.
type story struct {
	provider, location string
	// needs is the cloud's own command line, if the story runs it.
	needs string
	// endpoint of the emulator, in the environment of the lab.
	endpoint string
	// noCapacity and lost are faults of a launch: one is refused, of one the answer
	// is lost although the machine is made. They hit one launch, as often as the
	// SDK repeats it.
	noCapacity, lost fault.Rule
}

func stories() []story {
	full := oci.OutOfHostCapacity()
	full.Count = 1
	return []story{
		{
			provider: "aws", location: locationName, needs: "aws", endpoint: lab.env["AWS_ENDPOINT_URL"],
			noCapacity: fault.Rule{Action: "RunInstances", Code: "InsufficientInstanceCapacity", Count: 2},
			lost:       fault.Rule{Action: "RunInstances", After: true, Code: "InternalError", Count: 2},
		}, {
			provider: "gcp", location: "gcp-iowa", needs: "gcloud",
			endpoint:   strings.TrimSuffix(lab.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"], "/"),
			noCapacity: fault.Rule{Action: "compute.instances.insert", Code: "ZONE_RESOURCE_POOL_EXHAUSTED", Count: 1},
			lost:       fault.Rule{Action: "compute.instances.insert", After: true, Code: "backendError", Count: 1},
		}, {
			provider: "oci", location: "oci-ashburn", endpoint: lab.env["OCI_CLI_ENDPOINT"],
			noCapacity: full,
			lost:       fault.Rule{Action: "LaunchInstance", After: true, Code: "ServiceUnavailable", Count: 1},
		},
	}
}

// TestStory is what everybody is shown, on each cloud: hack/demo.sh, from a pending
// pod to Running on an edge and back to nothing. The location that it leaves then
// meets a cloud that fails.
func TestStory(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.provider, func(t *testing.T) {
			if s.needs != "" {
				tool.Path(t, s.needs)
			}
			t.Cleanup(func() { forgetStory(t, s.location) })
			cmd := lab.shell(t.Context(), "admin", "hack/demo.sh", s.provider, lab.dir)
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			if s.provider == "aws" {
				madeByScript = registered(t)
			}
			keepEdges(t)
			t.Run("no capacity", func(t *testing.T) { s.suffer(t, s.noCapacity, 1) })
			t.Run("the answer is lost", func(t *testing.T) { s.suffer(t, s.lost, 0) })
		})
	}
}

// keepEdges lets those that are empty for a moment stay.
func keepEdges(t *testing.T) {
	t.Helper()
	templates := lab.teamA.OmniV1beta1().NodeTemplates(teamA)
	template, err := templates.Get(t.Context(), templateName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	template.Spec.Disruption.ConsolidateAfter = &metav1.Duration{Duration: time.Hour}
	if _, err := templates.Update(t.Context(), template, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// suffer runs a pod on a cloud that fails once: in the end it runs, so many edges
// were refused, and every other edge has one machine.
func (s *story) suffer(t *testing.T, rule fault.Rule, refused int) {
	t.Helper()
	seen := launchesUntilNow(t)
	faulttest.Inject(t, s.endpoint, rule)
	newWorkload(t, 1)
	waitForFaults(t, s.endpoint)
	eventually(t.Context(), t, "the pod runs", running(1))
	eventually(t.Context(), t, "the edge is Ready", readyEdges(1))
	seen.checkOneMachineForEach(t, refused)
}

// forgetStory takes back what the story leaves for people to look at.
func forgetStory(t *testing.T, location string) {
	t.Helper()
	ctx := context.Background()
	err := lab.main.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "jobs"}})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
	err = lab.teamA.OmniV1beta1().NodeTemplates(teamA).Delete(ctx, templateName, metav1.DeleteOptions{})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
	if err := offboard(ctx, location); err != nil {
		t.Errorf("off-board %s: %v", location, err)
	}
	err = lab.main.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: location + "-kubeconfig"}})
	if client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
}
