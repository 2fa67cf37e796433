// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"regexp"
	"strconv"
)

// zones exist, by region.
var zones = map[string][]string{
	"us-central1":  {"us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"},
	"europe-west4": {"europe-west4-a", "europe-west4-b", "europe-west4-c"},
}

// machineType as in the answers.
type machineType struct {
	name             string
	vCPUs, memoryMiB int
	arch             string
	gpu              string
	gpus             int
}

// machineTypes exist in every zone, beside those of OMNI's snapshot. vCPUs and memory:
// https://cloud.google.com/compute/docs/machine-resource
var machineTypes = []machineType{
	{"e2-medium", 2, 4096, "X86_64", "", 0},
	{"e2-standard-2", 2, 8192, "X86_64", "", 0},
	{"e2-standard-4", 4, 16384, "X86_64", "", 0},
	{"e2-standard-8", 8, 32768, "X86_64", "", 0},
	{"n2-standard-2", 2, 8192, "X86_64", "", 0},
	{"n2-standard-4", 4, 16384, "X86_64", "", 0},
	{"n2-standard-8", 8, 32768, "X86_64", "", 0},
	{"n4-standard-4", 4, 16384, "X86_64", "", 0},
	{"t2a-standard-4", 4, 16384, "ARM64", "", 0},
	{"c4a-standard-4", 4, 16384, "ARM64", "", 0},
	{"g2-standard-4", 4, 16384, "X86_64", "nvidia-l4", 1},
	{"a2-highgpu-1g", 12, 87040, "X86_64", "nvidia-tesla-a100", 1},
	{"a3-highgpu-8g", 208, 1916928, "X86_64", "nvidia-h100-80gb", 8},
}

// hyperdiskOnly says whether a machine takes no Persistent Disk: so it is from the
// fourth generation on.
// https://cloud.google.com/compute/docs/disks/hyperdisks#machine-series-support
func hyperdiskOnly(machineType string) bool {
	m := regexp.MustCompile(`^[a-z]+(\d+)`).FindStringSubmatch(machineType)
	if m == nil {
		return false
	}
	generation, err := strconv.Atoi(m[1])
	return err == nil && generation >= 4
}

// imageProject and gpuImageProject are where Canonical publishes its images.
const (
	imageProject    = "ubuntu-os-cloud"
	gpuImageProject = "ubuntu-os-accelerator-images"
)

// seed makes what every project has: zones, machine types, the default quotas and
// the public images.
func (e *Emulator) seed() {
	root := "projects/" + e.Project
	e.objects[root] = object{
		"kind": "compute#project", "name": e.Project, "id": e.newID(), "selfLink": e.link(root),
		"defaultServiceAccount": e.ProjectNumber + "-compute@developer.gserviceaccount.com", "projectId": e.Project, "projectNumber": e.ProjectNumber, "lifecycleState": "ACTIVE",
	}
	for _, name := range enabledServices {
		e.setService(root, name, "ENABLED")
	}
	for _, project := range []string{imageProject, gpuImageProject} {
		e.objects["projects/"+project] = object{"kind": "compute#project", "name": project}
	}
	for _, region := range sortedKeys(zones) {
		regionPath := root + "/regions/" + region
		links := []any{}
		for _, zone := range zones[region] {
			links = append(links, e.link(root+"/zones/"+zone))
			e.seedZone(root+"/zones/"+zone, zone, regionPath)
		}
		e.objects[regionPath] = object{
			"kind": "compute#region", "name": region, "id": e.newID(), "status": "UP", "selfLink": e.link(regionPath), "zones": links,
			"quotas": []any{object{"metric": "CPUS", "limit": 500, "usage": 0}, object{"metric": "PREEMPTIBLE_CPUS", "limit": 500, "usage": 0}},
		}
	}
	for _, i := range []struct{ project, family, arch string }{
		{imageProject, "ubuntu-2404-lts-amd64", "X86_64"},
		{imageProject, "ubuntu-2404-lts-arm64", "ARM64"},
		{gpuImageProject, "ubuntu-accelerator-2404-amd64-with-nvidia-580", "X86_64"},
	} {
		image := "projects/" + i.project + "/global/images/" + i.family + "-v20261101"
		e.objects[image] = object{
			"kind": "compute#image", "name": base(image), "id": e.newID(), "family": i.family, "status": "READY", "architecture": i.arch,
			"selfLink": e.link(image), "diskSizeGb": "10", "creationTimestamp": "2026-11-01T00:00:00.000-07:00",
		}
	}
}

func (e *Emulator) seedZone(path, zone, region string) {
	e.objects[path] = object{
		"kind": "compute#zone", "name": zone, "id": e.newID(), "status": "UP", "region": e.link(region), "selfLink": e.link(path),
	}
	for _, t := range allMachineTypes() {
		key := path + "/machineTypes/" + t.name
		o := object{
			"kind": "compute#machineType", "name": t.name, "id": e.newID(), "zone": zone, "selfLink": e.link(key),
			"guestCpus": t.vCPUs, "memoryMb": t.memoryMiB, "architecture": t.arch, "isSharedCpu": t.name == "e2-medium",
		}
		if t.gpus > 0 {
			o["accelerators"] = []any{object{"guestAcceleratorType": t.gpu, "guestAcceleratorCount": t.gpus}}
		}
		e.objects[key] = o
	}
}
