// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

type object = map[string]any

const (
	project   = "/compute/v1/projects/" + gcptest.Project
	instances = project + "/zones/" + gcptest.Zone + "/instances"
	step      = 10 * time.Second
)

// start returns an emulator with a network, whose time is the test's.
func start(t *testing.T) (string, *testingclock.FakeClock) {
	t.Helper()
	clk := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	url := gcptest.StartWithClock(t, clk, step)
	gcptest.Network(t, url)
	return url, clk
}

// machine returns a request for a machine, changed.
func machine(changes object) object {
	out := object{
		"name": "m1", "machineType": "zones/us-central1-a/machineTypes/e2-standard-2",
		"disks": []any{object{"boot": true, "autoDelete": true, "initializeParams": object{
			"sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64", "diskSizeGb": "30",
			"diskType": "zones/us-central1-a/diskTypes/pd-balanced",
		}}},
		"networkInterfaces": []any{object{"subnetwork": "regions/us-central1/subnetworks/edges"}},
		"labels":            object{"omni-edge-id": "u1"},
		"metadata":          object{"items": []any{object{"key": "user-data", "value": "#cloud-config"}}},
	}
	maps.Copy(out, changes)
	return out
}

// want sends a request and wants this status and, in the error, these words.
func want(t *testing.T, method, url string, body any, status int, words string) object {
	t.Helper()
	got, answer := gcptest.Try(t, method, url, body)
	failure, _ := answer["error"].(object)
	message, _ := failure["message"].(string)
	if got != status || !strings.Contains(message, words) {
		t.Errorf("%s %s: %d %v, want %d %s", method, url, got, answer, status, words)
	}
	return answer
}

func TestValidation(t *testing.T) {
	url, _ := start(t)
	disk := func(key string, value any) object {
		parameters := object{"sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64", "diskType": "pd-balanced"}
		parameters[key] = value
		return object{"disks": []any{object{"boot": true, "initializeParams": parameters}}}
	}
	for name, test := range map[string]struct {
		changes object
		status  int
		words   string
	}{
		"unknown field":            {object{"flavour": "x"}, 400, `Unknown name "flavour"`},
		"unknown nested field":     {object{"scheduling": object{"spot": true}}, 400, `Unknown name "spot" at 'scheduling'`},
		"wrong type":               {object{"canIpForward": "yes"}, 400, "TYPE_BOOL"},
		"wrong integer":            {disk("diskSizeGb", "thirty"), 400, "TYPE_INT64"},
		"wrong enum":               {object{"scheduling": object{"provisioningModel": "CHEAP"}}, 400, "one of FLEX_START"},
		"wrong name":               {object{"name": "M_1"}, 400, "Must be a match of regex"},
		"no name":                  {object{"name": nil}, 400, ""},
		"object for a list":        {object{"disks": object{}}, 400, "Invalid value at 'disks'"},
		"unknown machine type":     {object{"machineType": "zones/us-central1-a/machineTypes/x1"}, 400, "machineType"},
		"type of another zone":     {object{"machineType": "zones/us-central1-b/machineTypes/e2-standard-2"}, 400, "another zone"},
		"unknown image":            {disk("sourceImage", "projects/ubuntu-os-cloud/global/images/x"), 404, "global/images/x"},
		"unknown family":           {disk("sourceImage", "projects/ubuntu-os-cloud/global/images/family/x"), 404, "family/x"},
		"image of ARM":             {disk("sourceImage", "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-arm64"), 400, "architecture"},
		"small disk":               {disk("diskSizeGb", "5"), 400, "smaller than the image size"},
		"wrong disk type":          {disk("diskType", "hyperdisk-balanced"), 400, "cannot be used by e2-standard-2"},
		"no disk":                  {object{"disks": []any{}}, 400, "Boot disk"},
		"no network":               {object{"networkInterfaces": []any{}}, 400, "network interface"},
		"unknown subnetwork":       {object{"networkInterfaces": []any{object{"subnetwork": "regions/us-central1/subnetworks/x"}}}, 400, "subnetwork"},
		"GPU that migrates":        {object{"machineType": "zones/us-central1-a/machineTypes/g2-standard-4"}, 400, "live migration"},
		"spot that restarts":       {object{"scheduling": object{"provisioningModel": "SPOT", "automaticRestart": true}}, 400, "automaticRestart"},
		"action without spot":      {object{"scheduling": object{"instanceTerminationAction": "DELETE"}}, 400, "termination action"},
		"label":                    {object{"labels": object{"omni.cast.ai/edge-id": "u1"}}, 400, "Label must match"},
		"metadata twice":           {object{"metadata": object{"items": []any{object{"key": "a", "value": "1"}, object{"key": "a", "value": "2"}}}}, 400, "duplicate key"},
		"metadata without a value": {object{"metadata": object{"items": []any{object{"key": "a"}}}}, 400, "Required field"},
		"large metadata":           {object{"metadata": object{"items": []any{object{"key": "a", "value": strings.Repeat("x", 256<<10+1)}}}}, 400, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			body := machine(test.changes)
			if body["name"] == nil {
				delete(body, "name")
			}
			want(t, http.MethodPost, url+instances, body, test.status, test.words)
		})
	}
	want(t, http.MethodPost, url+instances+"?colour=red", machine(nil), 400, `Unknown name "colour"`)
	want(t, http.MethodPost, url+instances+"?requestId=1", machine(nil), 400, "requestId")
	want(t, http.MethodPost, url+instances+"?requestId=00000000-0000-0000-0000-000000000000", machine(nil), 400, "requestId")
	want(t, http.MethodGet, url+instances+"?maxResults=many", nil, 400, "maxResults")
	want(t, http.MethodGet, url+instances+"?filter=name", nil, 400, "filter")
	want(t, http.MethodGet, url+instances+"?pageToken=x", nil, 400, "pageToken")
	want(t, http.MethodGet, url+strings.Replace(instances, "central1-a", "central1-z", 1), nil, 400, "Unknown zone")
	want(t, http.MethodGet, url+strings.Replace(instances, "omni-test", "omni-other", 1), nil, 404, "projects/omni-other")
	want(t, http.MethodGet, url+"/compute/v1/nothing", nil, 404, "was not found on this server")
	want(t, http.MethodPost, url+project+"/global/addresses:move", nil, 404, "")
	if list := gcptest.Do(t, http.MethodGet, url+instances, nil); list["items"] != nil {
		t.Errorf("something was made: %v", list)
	}
}

func TestErrorShape(t *testing.T) {
	url, _ := start(t)
	failure, _ := want(t, http.MethodGet, url+instances+"/m1", nil, 404, "instances/m1' was not found")["error"].(object)
	details, _ := failure["errors"].([]any)
	first, _ := details[0].(object)
	if failure["code"] != 404.0 || failure["status"] != "NOT_FOUND" || first["reason"] != "notFound" || first["domain"] != "global" {
		t.Errorf("error = %v", failure)
	}
}

func TestAuthentication(t *testing.T) {
	url, _ := start(t)
	for name, header := range map[string]string{"none": "", "another scheme": "Basic eDp5", "of an emulator before": "Bearer ya29.emulated.x"} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+instances, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", header)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("status %s", res.Status)
			}
		})
	}
	gcptest.Do(t, http.MethodPut, url+"/_emulator/callers/"+gcptest.Token, object{"denied": []string{"compute.instances.create"}})
	want(t, http.MethodPost, url+instances, machine(nil), 403, "Required 'compute.instances.create' permission")
	gcptest.Do(t, http.MethodPut, url+"/_emulator/callers/"+gcptest.Token, object{"invalid": true})
	want(t, http.MethodGet, url+instances, nil, 401, "invalid authentication credentials")
}
