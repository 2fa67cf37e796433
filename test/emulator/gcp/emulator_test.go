// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

func status(t *testing.T, url, path string) any {
	t.Helper()
	return gcptest.Do(t, http.MethodGet, url+path, nil)["status"]
}

// operationPath is where an operation is read.
func operationPath(op object) string {
	link, _ := op["selfLink"].(string)
	_, path, _ := strings.Cut(link, "/compute/")
	return "/compute/" + path
}

func TestLifecycle(t *testing.T) {
	url, clk := start(t)
	clk.Step(step)
	insert := gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	var seen []any
	for range 3 {
		seen = append(seen, status(t, url, instances+"/m1"), status(t, url, operationPath(insert)))
		clk.Step(step)
	}
	expect(t, seen, "PROVISIONING", "RUNNING", "STAGING", "RUNNING", "RUNNING", "DONE")
	gcptest.Do(t, http.MethodPost, url+instances+"/m1/stop", nil)
	seen = []any{status(t, url, instances+"/m1")}
	clk.Step(step)
	seen = append(seen, status(t, url, instances+"/m1"))
	gcptest.Do(t, http.MethodPost, url+instances+"/m1/start", nil)
	seen = append(seen, status(t, url, instances+"/m1"))
	expect(t, seen, "STOPPING", "TERMINATED", "PROVISIONING")
	console := gcptest.Do(t, http.MethodGet, url+instances+"/m1/serialPort?port=1", nil)["contents"]
	if text, _ := console.(string); strings.Count(text, "power on") != 2 || strings.Count(text, "power off") != 1 {
		t.Errorf("console = %v", console)
	}

	// Deleted twice, and made again in between: the second deletion is of the first.
	for range 2 {
		gcptest.Do(t, http.MethodDelete, url+instances+"/m1", nil)
	}
	expect(t, []any{status(t, url, instances+"/m1")}, "STOPPING")
	want(t, http.MethodPost, url+instances, machine(nil), 409, "already exists")
	clk.Step(step)
	want(t, http.MethodGet, url+instances+"/m1", nil, 404, "was not found")
	if disks := gcptest.Do(t, http.MethodGet, url+project+"/zones/"+gcptest.Zone+"/disks", nil); disks["items"] != nil {
		t.Errorf("the disk is left behind: %v", disks)
	}
	want(t, http.MethodDelete, url+instances+"/m1", nil, 404, "was not found")
}

func expect(t *testing.T, got []any, want ...any) {
	t.Helper()
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestPreemption(t *testing.T) {
	url, clk := start(t)
	for action, after := range map[string]int{"DELETE": http.StatusNotFound, "STOP": http.StatusOK} {
		t.Run(action, func(t *testing.T) {
			gcptest.Do(t, http.MethodPost, url+instances, machine(object{"name": "spot", "scheduling": object{
				"provisioningModel": "SPOT", "instanceTerminationAction": action, "onHostMaintenance": "TERMINATE", "automaticRestart": false,
			}}))
			clk.Step(2 * step)
			op := gcptest.Do(t, http.MethodPost, url+"/_emulator/preempt/"+strings.TrimPrefix(instances, "/compute/v1/")+"/spot", nil)
			if op["operationType"] != "compute.instances.preempted" || status(t, url, operationPath(op)) != "DONE" {
				t.Errorf("operation = %v", op)
			}
			expect(t, []any{status(t, url, instances+"/spot")}, "STOPPING")
			clk.Step(step)
			if got, _ := gcptest.Try(t, http.MethodGet, url+instances+"/spot", nil); got != after {
				t.Errorf("afterwards: %d, want %d", got, after)
			}
			if after == http.StatusOK {
				gcptest.Do(t, http.MethodDelete, url+instances+"/spot", nil)
				clk.Step(step)
			}
		})
	}
	gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	want(t, http.MethodPost, url+"/_emulator/preempt/"+strings.TrimPrefix(instances, "/compute/v1/")+"/m1", nil, 400, "no spot machine")
}

func TestRequestID(t *testing.T) {
	url, _ := start(t)
	const id = "?requestId=8b5c7f0e-2f0b-5d5e-9f3c-0c7d3c9a1e01"
	first := gcptest.Do(t, http.MethodPost, url+instances+id, machine(nil))
	again := gcptest.Do(t, http.MethodPost, url+instances+id, machine(nil))
	other := gcptest.Do(t, http.MethodPost, url+instances+id, machine(object{"name": "m2"}))
	if first["name"] != again["name"] || first["name"] != other["name"] {
		t.Errorf("one request, several operations: %v, %v, %v", first["name"], again["name"], other["name"])
	}
	items, _ := gcptest.Do(t, http.MethodGet, url+instances, nil)["items"].([]any)
	if len(items) != 1 {
		t.Errorf("one request, %d machines", len(items))
	}
	want(t, http.MethodPost, url+instances, machine(nil), 409, "already exists")
}

func TestWait(t *testing.T) {
	url, clk := start(t)
	op := gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	done := make(chan any)
	go func() {
		_, answer := gcptest.Try(t, http.MethodPost, url+operationPath(op)+"/wait", nil)
		done <- answer["status"]
	}()
	for {
		select {
		case got := <-done:
			if got != "DONE" {
				t.Errorf("status %v after the wait", got)
			}
			return
		default:
			if clk.HasWaiters() {
				clk.Step(step)
			}
		}
	}
}

func TestLists(t *testing.T) {
	url, _ := start(t)
	for _, name := range []string{"m1", "m2", "m3"} {
		gcptest.Do(t, http.MethodPost, url+instances, machine(object{"name": name, "labels": object{"omni-edge-id": "u-" + name, "team": "a"}}))
	}
	for filter, count := range map[string]int{
		"":                                       3,
		"labels.omni-edge-id=u-m1":               1,
		`(labels.team = "a") AND (name != "m1")`: 2,
		`labels.team="b"`:                        0,
		"(name eq m[12])":                        2,
	} {
		request := url + instances + "?filter=" + strings.NewReplacer(" ", "%20", `"`, "%22", "[", "%5B", "]", "%5D").Replace(filter)
		if items, _ := gcptest.Do(t, http.MethodGet, request, nil)["items"].([]any); len(items) != count {
			t.Errorf("filter %s: %d machines, want %d", filter, len(items), count)
		}
	}
	page := gcptest.Do(t, http.MethodGet, url+instances+"?maxResults=2", nil)
	token, _ := page["nextPageToken"].(string)
	rest, _ := gcptest.Do(t, http.MethodGet, url+instances+"?maxResults=2&pageToken="+token, nil)["items"].([]any)
	if items, _ := page["items"].([]any); len(items) != 2 || len(rest) != 1 {
		t.Errorf("pages of %d and %d machines", len(items), len(rest))
	}
	scopes, _ := gcptest.Do(t, http.MethodGet, url+project+"/aggregated/instances", nil)["items"].(object)
	here, _ := scopes["zones/us-central1-a"].(object)
	there, _ := scopes["zones/us-central1-b"].(object)
	if machines, _ := here["instances"].([]any); len(machines) != 3 || here["warning"] != nil || there["warning"] == nil {
		t.Errorf("aggregated list: %d machines here, %v there", len(machines), there)
	}
}

func TestReferences(t *testing.T) {
	url, _ := start(t)
	want(t, http.MethodDelete, url+project+"/global/networks/edges", nil, 400, "already being used by")
	gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	want(t, http.MethodDelete, url+project+"/regions/us-central1/subnetworks/edges", nil, 400, "instances/m1")
	want(t, http.MethodPost, url+project+"/global/firewalls", object{"name": "f", "network": "global/networks/x"}, 400, "network")
	want(t, http.MethodPost, url+project+"/global/networks", object{"name": "edges"}, 409, "already exists")
}

func TestFaults(t *testing.T) {
	url, clk := start(t)
	inject := func(rule fault.Rule) {
		rule.Action, rule.Count = "compute.instances.insert", 1
		faulttest.Inject(t, url, rule)
	}
	inject(fault.Rule{Code: "ZONE_RESOURCE_POOL_EXHAUSTED", Zone: "us-central1-b"})
	inject(fault.Rule{Code: "ZONE_RESOURCE_POOL_EXHAUSTED", InstanceType: "e2-standard-2"})
	op := gcptest.Do(t, http.MethodPost, url+instances, machine(nil))
	clk.Step(step)
	done := gcptest.Do(t, http.MethodGet, url+operationPath(op), nil)
	if failure, _ := done["error"].(object); done["status"] != "DONE" || failure["errors"] == nil {
		t.Errorf("operation = %v, want an error in it", done)
	}
	want(t, http.MethodGet, url+instances+"/m1", nil, 404, "was not found")
	inject(fault.Rule{Code: "rateLimitExceeded", Zone: gcptest.Zone})
	want(t, http.MethodPost, url+instances, machine(nil), 403, "injected")
	inject(fault.Rule{Code: "rateLimitExceeded", Status: 429, Zone: gcptest.Zone})
	want(t, http.MethodPost, url+instances, machine(nil), 429, "injected")
	inject(fault.Rule{Code: "backendError", After: true, Zone: gcptest.Zone})
	want(t, http.MethodPost, url+instances, machine(nil), 503, "injected")
	expect(t, []any{status(t, url, instances+"/m1")}, "PROVISIONING")
}

func TestImages(t *testing.T) {
	url, _ := start(t)
	for i, path := range []string{
		"/compute/v1/projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-arm64",
		"/compute/v1/projects/ubuntu-os-cloud/zones/-/imageFamilyViews/ubuntu-2404-lts-arm64",
	} {
		answer := gcptest.Do(t, http.MethodGet, url+path, nil)
		if image, ok := answer["image"].(object); ok {
			answer = image
		}
		if answer["architecture"] != "ARM64" {
			t.Errorf("%s: %v", path, answer)
		}
		// gcloud names the image of a new machine by the same link.
		gcptest.Do(t, http.MethodPost, url+instances, machine(object{
			"name": "m" + strconv.Itoa(i), "machineType": "zones/us-central1-a/machineTypes/t2a-standard-4",
			"disks": []any{object{"boot": true, "initializeParams": object{"sourceImage": url + path, "diskType": "pd-balanced"}}},
		}))
	}
}
