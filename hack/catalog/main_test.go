// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const input = `[
{"instanceType":"m5.large","provider":"aws","region":"us-west-2","arch":"amd64","vcpu":2,"memMi":8192,"offerings":[
  {"zone":"b","capacityType":"on-demand","price":0.096},{"capacityType":"spot","price":0.03},{"capacityType":"on-demand","price":0.096}]},
{"instanceType":"m5.large","provider":"aws","region":"eu-central-1","arch":"amd64","vcpu":2,"memMi":8192,"offerings":[{"capacityType":"on-demand","price":0.1104}]},
{"instanceType":"g2-standard-4","provider":"gcp","region":"us-central1","arch":"amd64","vcpu":4,"memMi":16384,"gpuName":"L4","allocatable":{"gpus":1},"offerings":[
  {"capacityType":"on-demand","price":0.76},{"capacityType":"spot","price":0.22},{"capacityType":"spot","price":0.23}]},
{"instanceType":"VM.Standard.E5.Flex-2-8","provider":"oci","region":"us-ashburn-1","arch":"amd64","vcpu":2,"memMi":8192,"offerings":[
  {"capacityType":"on-demand","price":0.046},{"capacityType":"spot","price":0.023}]}]`

func types(t *testing.T) (in []sourceType) {
	t.Helper()
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestConvert(t *testing.T) {
	in := types(t)
	first, err := convert(in)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(in)
	again, err := convert(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"aws": "eu-central-1,m5.large,amd64,2,8192,0,,0,0.1104,estimate,,\nus-west-2,m5.large,amd64,2,8192,0,,0,0.096,snapshot,0.048,estimate\n",
		"gcp": "us-central1,g2-standard-4,amd64,4,16384,1,L4,24576,0.76,snapshot,0.23,estimate\n",
		"oci": "us-ashburn-1,VM.Standard.E5.Flex-2-8,amd64,2,8192,0,,0,0.046,snapshot,0.023,snapshot\n",
	} {
		_, rows, _ := strings.Cut(string(first[name]), "\n")
		if rows != want || string(first[name]) != string(again[name]) {
			t.Errorf("%s:\n%sin another order:\n%swant:\n%s", name, first[name], again[name], want)
		}
	}
}

func TestConvertRejects(t *testing.T) {
	for want, change := range map[string]func(*sourceType){
		"differ between zones": func(t *sourceType) { t.Offerings[0].Price = 0.1 },
		"spot not above":       func(t *sourceType) { t.Offerings[1].Price = 0.1 },
		"a price above zero":   func(t *sourceType) { t.Offerings = nil },
		`GPU "B900"`:           func(t *sourceType) { t.GPUName, t.Allocatable.GPUs = "B900", 1 },
		`GPU "T4"`:             func(t *sourceType) { t.GPUName = "T4" },
	} {
		in := types(t)[:1]
		change(&in[0])
		if _, err := convert(in); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "m5.large in us-west-2") {
			t.Errorf("%v, want an error with %q and the type", err, want)
		}
	}
}

// TestHash: figures that SOURCES.md does not describe are not taken by mistake.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in.json")
	if err := os.WriteFile(path, []byte(`{"types":`+input+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(path, inputHash, dir); err == nil || !strings.Contains(err.Error(), "give --sha256=") {
		t.Errorf("another input: %v", err)
	}
	if err := run(path, "", dir); err != nil {
		t.Error(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.csv")); len(files) != 3 {
		t.Errorf("%v, %v, want 3 files", files, err)
	}
}
