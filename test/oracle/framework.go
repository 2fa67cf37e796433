// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/client-go/informers"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// The scheduler's cache and framework write to its metrics unasked.
func init() { metrics.Register() }

// profile is kube-scheduler's default one. DynamicResources is left out: it needs
// the devices of machines that are not there, and the solver buys nothing for
// ResourceClaims.
var profile = sync.OnceValues(func() (*config.KubeSchedulerProfile, error) {
	configuration, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("read kube-scheduler's default configuration: %w", err)
	}
	profile := &configuration.Profiles[0]
	enabled := &profile.Plugins.MultiPoint.Enabled
	*enabled = slices.DeleteFunc(*enabled, func(p config.Plugin) bool { return p.Name == names.DynamicResources })
	return profile, nil
})

// newFramework returns the plugins of the default profile. They see the nodes and
// pods of the lister, and for the rest what is put into the informers' indexers:
// nobody starts those. It lives until ctx ends.
func newFramework(ctx context.Context, lister fwk.SharedLister, factory informers.SharedInformerFactory, nominator fwk.PodNominator) (framework.Framework, error) {
	profile, err := profile()
	if err != nil {
		return nil, err
	}
	f, err := runtime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		runtime.WithSnapshotSharedLister(lister),
		runtime.WithInformerFactory(factory),
		runtime.WithPodNominator(nominator),
		runtime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
	)
	if err != nil {
		return nil, fmt.Errorf("start kube-scheduler's plugins: %w", err)
	}
	return f, nil
}
