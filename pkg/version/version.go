// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package version is the version of OMNI, the same wherever it is shown.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	utilversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/version"
)

// gitVersion is the next release. A release is built with
//
//	-ldflags "-X github.com/castai/omni/pkg/version.gitVersion=v1.2.3"
var gitVersion = "v0.1.0-dev"

// Binary returns the semantic version.
func Binary() *utilversion.Version { return utilversion.MustParseSemantic(gitVersion) }

// Get returns what is known of the build. The commit and its date are there when
// Go has built in a git checkout (-buildvcs).
func Get() version.Info {
	binary := Binary()
	info := version.Info{
		Major:      utilversion.Itoa(binary.Major()),
		Minor:      utilversion.Itoa(binary.Minor()),
		GitVersion: gitVersion,
		GoVersion:  runtime.Version(),
		Compiler:   runtime.Compiler,
		Platform:   fmt.Sprintf("%s/%s", runtime.GOOS, runtime.GOARCH),
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.GitCommit = setting.Value
		case "vcs.time":
			info.BuildDate = setting.Value // of the commit: builds are reproducible
		case "vcs.modified":
			info.GitTreeState = map[string]string{"true": "dirty", "false": "clean"}[setting.Value]
		}
	}
	return info
}
