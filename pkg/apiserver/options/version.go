// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	utilversion "k8s.io/apimachinery/pkg/util/version"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/compatibility"
	basecompatibility "k8s.io/component-base/compatibility"

	"github.com/castai/omni/pkg/version"
)

// component is OMNI's name beside "kube" in flags as --emulated-version. The
// feature gates of the server's library stay those of "kube".
const component = "omni"

// effectiveVersion is a version of OMNI. The library would describe the build of
// Kubernetes.
type effectiveVersion struct {
	basecompatibility.MutableEffectiveVersion
}

// Info is what /version answers.
func (v effectiveVersion) Info() *apimachineryversion.Info {
	info := version.Get()
	of := v.MutableEffectiveVersion.Info()
	info.EmulationMajor, info.EmulationMinor = of.EmulationMajor, of.EmulationMinor
	info.MinCompatibilityMajor, info.MinCompatibilityMinor = of.MinCompatibilityMajor, of.MinCompatibilityMinor
	return &info
}

// newServerRunOptions registers OMNI among the components of the process, once.
func newServerRunOptions() *genericoptions.ServerRunOptions {
	registry := compatibility.DefaultComponentGlobalsRegistry
	// There is no earlier release to emulate yet.
	binary := utilversion.MajorMinor(version.Binary().Major(), version.Binary().Minor())
	registry.ComponentGlobalsOrRegister(component, effectiveVersion{
		basecompatibility.NewEffectiveVersion(binary, false, binary, binary.SubtractMinor(1)),
	}, nil)
	return genericoptions.NewServerRunOptionsForComponent(component, registry)
}
