// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package shape is OMNI's notation for the instance types of Oracle Cloud. A
// flexible shape is a type only together with a size, so the name carries it:
//
//	VM.Standard.E5.Flex-4-32   4 vCPUs and 32 GiB of that shape
//	VM.GPU.A10.1               a shape of a fixed size
//
// The name is a valid value of a Kubernetes label.
package shape

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Type is an instance type.
type Type struct {
	// Shape as Oracle names it.
	Shape string
	// VCPUs and MemoryGiB of a flexible shape; both 0 for a fixed one.
	VCPUs, MemoryGiB int
}

// notation of a flexible shape with its size.
var notation = regexp.MustCompile(`^(.+\.Flex)-([1-9][0-9]{0,4})-([1-9][0-9]{0,5})$`)

// Parse reads an instance type.
func Parse(instanceType string) (Type, error) {
	m := notation.FindStringSubmatch(instanceType)
	switch {
	case m == nil && strings.Contains(instanceType, ".Flex"):
		return Type{}, fmt.Errorf("instance type %q is of a flexible shape and needs its size, as in VM.Standard.E5.Flex-<vCPUs>-<GiB>", instanceType)
	case m == nil:
		return Type{Shape: instanceType}, nil
	}
	t := Type{Shape: m[1]}
	t.VCPUs, _ = strconv.Atoi(m[2])     // digits, by the pattern
	t.MemoryGiB, _ = strconv.Atoi(m[3]) // digits, by the pattern
	if per := VCPUsPerOCPU(t.Shape); t.VCPUs%per != 0 {
		return Type{}, fmt.Errorf("instance type %q: the vCPUs of %s come in steps of %d", instanceType, t.Shape, per)
	}
	return t, nil
}

// Of returns the type of a machine of a shape and a size. The size of a fixed shape
// says nothing new.
func Of(shape string, vcpus, memoryGiB int) Type {
	if !strings.HasSuffix(shape, ".Flex") {
		return Type{Shape: shape}
	}
	return Type{Shape: shape, VCPUs: vcpus, MemoryGiB: memoryGiB}
}

// String is the reverse of Parse.
func (t Type) String() string {
	if !t.Flexible() {
		return t.Shape
	}
	return fmt.Sprintf("%s-%d-%d", t.Shape, t.VCPUs, t.MemoryGiB)
}

// Flexible says that the shape has no size of its own.
func (t Type) Flexible() bool { return t.VCPUs > 0 }

// OCPUs is the size in Oracle's unit.
func (t Type) OCPUs() int { return t.VCPUs / VCPUsPerOCPU(t.Shape) }

// VCPUsPerOCPU of a shape: an OCPU is a core, which has two threads on x86. Arm
// cores have one thread, but from A2 on an OCPU is two cores.
// https://docs.oracle.com/iaas/Content/Compute/References/computeshapes.htm
func VCPUsPerOCPU(shape string) int {
	if strings.Contains(shape, ".A1.") {
		return 1
	}
	return 2
}
