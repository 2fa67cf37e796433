// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"strings"
)

// shape is a kind of machine. For a flexible one ocpus and memoryGB are the most
// it can have. Figures are Oracle's:
// https://docs.oracle.com/iaas/Content/Compute/References/computeshapes.htm
type shape struct {
	name            string
	processor       string
	ocpus, memoryGB float64
	vcpusPerOCPU    float64
	flexible        bool
	preemptible     bool
	gpus            int
	gpu             string
	// limit is the name of the service limit that counts it.
	limit string
}

// maxMemoryPerOCPU of flexible shapes, in GB.
const maxMemoryPerOCPU = 64

var shapes = []shape{
	{name: "VM.Standard.E4.Flex", processor: "2.55 GHz AMD EPYC 7J13", ocpus: 114, memoryGB: 1760, vcpusPerOCPU: 2, flexible: true, preemptible: true, limit: "standard-e4-core-count"},
	{name: "VM.Standard.E5.Flex", processor: "2.4 GHz AMD EPYC 9J14", ocpus: 94, memoryGB: 1049, vcpusPerOCPU: 2, flexible: true, preemptible: true, limit: "standard-e5-core-count"},
	{name: "VM.Standard3.Flex", processor: "2.6 GHz Intel Xeon Platinum 8358", ocpus: 32, memoryGB: 512, vcpusPerOCPU: 2, flexible: true, preemptible: true, limit: "standard3-core-count"},
	{name: "VM.Standard.A1.Flex", processor: "3.0 GHz Ampere Altra", ocpus: 80, memoryGB: 512, vcpusPerOCPU: 1, flexible: true, preemptible: true, limit: "standard-a1-core-count"},
	{name: "VM.Standard.A2.Flex", processor: "3.0 GHz AmpereOne", ocpus: 78, memoryGB: 946, vcpusPerOCPU: 2, flexible: true, limit: "standard-a2-core-count"},
	{name: "VM.GPU.A10.1", processor: "2.6 GHz Intel Xeon Platinum 8358", ocpus: 15, memoryGB: 240, vcpusPerOCPU: 2, gpus: 1, gpu: "NVIDIA A10", limit: "gpu-a10-count"},
	{name: "VM.GPU.A10.2", processor: "2.6 GHz Intel Xeon Platinum 8358", ocpus: 30, memoryGB: 480, vcpusPerOCPU: 2, gpus: 2, gpu: "NVIDIA A10", limit: "gpu-a10-count"},
	{name: "BM.GPU4.8", processor: "2.55 GHz AMD EPYC 7542", ocpus: 64, memoryGB: 2048, vcpusPerOCPU: 2, gpus: 8, gpu: "NVIDIA A100", limit: "gpu4-count"},
}

func (c *cloud) shape(name string) *shape {
	for i := range shapes {
		if shapes[i].name == name {
			return &shapes[i]
		}
	}
	return nil
}

// architecture as in the label kubernetes.io/arch.
func (s *shape) architecture() string {
	if strings.Contains(s.processor, "Ampere") {
		return "arm64"
	}
	return "amd64"
}

// configure returns the shapeConfig of a machine.
func (s *shape) configure(value any) (object, *Error) {
	ocpus, memory := s.ocpus, s.memoryGB
	config, given := value.(object)
	switch {
	case given && !s.flexible:
		return nil, refuse("InvalidParameter", "shapeConfig is not allowed for %s, which is not flexible", s.name)
	case !given && s.flexible:
		return nil, refuse("InvalidParameter", "shapeConfig is required for the flexible shape %s", s.name)
	case given:
		ocpus, _ = config["ocpus"].(float64)
		memory, _ = config["memoryInGBs"].(float64)
		if ocpus < 1 || ocpus > s.ocpus || ocpus != float64(int(ocpus)) {
			return nil, refuse("InvalidParameter", "shapeConfig.ocpus of %s must be a whole number from 1 to %v, not %v", s.name, s.ocpus, ocpus)
		}
		if most := min(s.memoryGB, ocpus*maxMemoryPerOCPU); memory < ocpus || memory > most {
			return nil, refuse("InvalidParameter", "shapeConfig.memoryInGBs of %s with %v OCPUs must be from %v to %v, not %v", s.name, ocpus, ocpus, most, memory)
		}
	}
	out := object{"ocpus": ocpus, "vcpus": ocpus * s.vcpusPerOCPU, "memoryInGBs": memory, "processorDescription": s.processor}
	if s.gpus > 0 {
		out["gpus"], out["gpuDescription"] = s.gpus, s.gpu
	}
	return out, nil
}

// listShapes answers with the shapes of an availability domain, or of all.
func listShapes(c *cloud, r *call) (*answer, *Error) {
	if err := c.checkQuery(r); err != nil {
		return nil, err
	}
	if domain := r.query.Get("availabilityDomain"); domain != "" && !c.hasDomain(domain) {
		return nil, refuse("InvalidParameter", "availabilityDomain %q is none of this tenancy in %s", domain, c.Region)
	}
	image := c.things[r.query.Get("imageId")]
	all := []object{}
	for i := range shapes {
		s := &shapes[i]
		if want := r.query.Get("shape"); (want == "" || want == s.name) && (image == nil || image.fields["_architecture"] == s.architecture()) {
			all = append(all, s.describe())
		}
	}
	return c.page(r, all)
}

func (s *shape) describe() object {
	out := object{
		"shape": s.name, "isFlexible": s.flexible, "processorDescription": s.processor,
		"ocpus": s.ocpus, "memoryInGBs": s.memoryGB, "gpus": s.gpus,
		"quotaNames": []string{s.limit},
	}
	if s.gpus > 0 {
		out["gpuDescription"] = s.gpu
	}
	if s.flexible {
		out["ocpus"], out["memoryInGBs"] = 1, 16
		out["ocpuOptions"] = object{"min": 1, "max": s.ocpus}
		out["memoryOptions"] = object{
			"minInGBs": 1, "maxInGBs": s.memoryGB,
			"defaultPerOcpuInGBs": 16, "minPerOcpuInGBs": 1, "maxPerOcpuInGBs": maxMemoryPerOCPU,
		}
	}
	return out
}
