// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"sync"

	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	"github.com/castai/omni/pkg/version"
)

var buildInfo = metrics.NewGaugeVec(&metrics.GaugeOpts{
	Name:           "omni_build_info",
	Help:           "1 for the version of OMNI that this process was built from.",
	StabilityLevel: metrics.ALPHA,
}, []string{"version", "commit", "go_version"})

// registerMetrics adds what is known of the version to the metrics of the process.
var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(buildInfo)
	info := version.Get()
	buildInfo.WithLabelValues(info.GitVersion, info.GitCommit, info.GoVersion).Set(1)
	compatibility.DefaultComponentGlobalsRegistry.AddMetrics()
})
