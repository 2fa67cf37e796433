// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	catalogcontroller "github.com/castai/omni/pkg/controller/catalog"
	"github.com/castai/omni/pkg/controller/certificate"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/controller/console"
	"github.com/castai/omni/pkg/controller/consolidation"
	"github.com/castai/omni/pkg/controller/edge"
	"github.com/castai/omni/pkg/controller/edgelocation"
	"github.com/castai/omni/pkg/controller/joincommand"
	"github.com/castai/omni/pkg/controller/namespace"
	"github.com/castai/omni/pkg/controller/nodetemplate"
	"github.com/castai/omni/pkg/controller/nomination"
	"github.com/castai/omni/pkg/controller/orphan"
	"github.com/castai/omni/pkg/controller/provisioner"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/peering"
	"github.com/castai/omni/pkg/webhook"
)

// name identifies the controller in events and leases.
const name = "omni-controller"

// Run runs the controllers until the context ends.
func Run(ctx context.Context, o *Options) error {
	ctrl.SetLogger(klog.Background())
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	mainConfig, omniConfig, err := o.configs()
	if err != nil {
		return err
	}
	mgr, err := newManager(o, mainConfig, scheme)
	if err != nil {
		return err
	}
	if o.RotateServingCertificate {
		if err := addRotator(ctx, o, mgr); err != nil {
			return err
		}
	}
	omni, err := newOmni(ctx, omniConfig, scheme)
	if err != nil {
		return err
	}
	if err := mgr.Add(omni); err != nil {
		return fmt.Errorf("add the cluster of omni-apiserver: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &corev1.Pod{}, edge.PodNodeField, edge.PodNode); err != nil {
		return fmt.Errorf("index pods by node: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &corev1.Pod{}, nomination.PendingField, nomination.Pending); err != nil {
		return fmt.Errorf("index pods that are pending: %w", err)
	}
	if err := addControllers(o, mgr, omni, mainConfig); err != nil {
		return err
	}
	mgr.GetWebhookServer().Register(webhook.Path, &admission.Webhook{
		Handler: &webhook.Toleration{Main: mgr.GetClient(), Decoder: admission.NewDecoder(scheme)},
	})
	mgr.GetWebhookServer().Register(webhook.StartupPath, &admission.Webhook{Handler: &webhook.Startup{Decoder: admission.NewDecoder(scheme)}})
	return mgr.Start(ctx)
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1beta1.AddToScheme, peering.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build the scheme: %w", err)
		}
	}
	return scheme, nil
}

// uncached are kinds that are read one by one: watching every Secret of the main
// cluster would need the right to read them all.
var uncached = client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}}}}

func newManager(o *Options, config *rest.Config, scheme *runtime.Scheme) (ctrl.Manager, error) {
	host, port, err := hostPort(o.WebhookBindAddress)
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme,
		Cache:  cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		Client: uncached,
		Metrics: server.Options{
			BindAddress: o.MetricsBindAddress, SecureServing: true, CertDir: o.WebhookCertDir,
			FilterProvider: filters.WithAuthenticationAndAuthorization,
		},
		HealthProbeBindAddress:        o.HealthBindAddress,
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              name,
		LeaderElectionNamespace:       o.Namespace,
		LeaderElectionReleaseOnCancel: true,
		WebhookServer:                 ctrlwebhook.NewServer(ctrlwebhook.Options{Host: host, Port: port, CertDir: o.WebhookCertDir}),
	})
	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	return mgr, mgr.AddReadyzCheck("webhook", func(r *http.Request) error { return mgr.GetWebhookServer().StartedChecker()(r) })
}

// addRotator rotates once, for omni-apiserver may need the certificate before this
// process can go on, and from then on while it leads.
func addRotator(ctx context.Context, o *Options, mgr ctrl.Manager) error {
	rotator := &certificate.Rotator{
		Client: mgr.GetClient(), Namespace: o.Namespace,
		Versions: []string{v1beta1.SchemeGroupVersion.Version, v1alpha1.SchemeGroupVersion.Version}, Clock: clock.RealClock{},
	}
	lostRace := func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }
	if err := retry.OnError(retry.DefaultBackoff, lostRace, func() error { return rotator.Rotate(ctx) }); err != nil {
		return err
	}
	return mgr.Add(rotator)
}

func newOmni(ctx context.Context, config *rest.Config, scheme *runtime.Scheme) (cluster.Cluster, error) {
	omni, err := cluster.New(config, func(c *cluster.Options) {
		c.Scheme = scheme
		c.Cache.DefaultTransform = cache.TransformStripManagedFields()
	})
	if err != nil {
		return nil, fmt.Errorf("reach omni-apiserver: %w", err)
	}
	edgeNode := func(o client.Object) []string { return []string{o.(*v1beta1.Edge).Status.NodeName} }
	if err := omni.GetFieldIndexer().IndexField(ctx, &v1beta1.Edge{}, consolidation.EdgeNodeField, edgeNode); err != nil {
		return nil, fmt.Errorf("index edges by node: %w", err)
	}
	if err := omni.GetFieldIndexer().IndexField(ctx, &v1beta1.Edge{}, nomination.PlannedPodField, nomination.PlannedPods); err != nil {
		return nil, fmt.Errorf("index edges by the pods of their plans: %w", err)
	}
	return omni, nil
}

func addControllers(o *Options, mgr ctrl.Manager, omni cluster.Cluster, config *rest.Config) error {
	offerings, err := catalog.Snapshot()
	if err != nil {
		return err
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client of the main cluster: %w", err)
	}
	recorder := mgr.GetEventRecorder(name)
	clock := clock.RealClock{}
	refused := unavailable.New(clock)
	connect := &connection.Direct{
		Main: mgr.GetClient(), ClusterID: o.ClusterID, Endpoints: o.Endpoints,
		Tokens: connection.ServiceAccountTokens(kube.CoreV1(), o.Namespace, o.ServiceAccount),
	}
	consoles := &console.Handler{Omni: omni.GetClient(), Connect: connect}
	joins := &joincommand.Handler{Omni: omni.GetClient(), Connect: connect, Clock: clock}
	for what, err := range map[string]error{
		"join command":   mgr.AddMetricsServerExtraHandler(v1beta1.JoinCommandPath, joins.Routes()),
		"console":        mgr.AddMetricsServerExtraHandler(v1beta1.ConsoleOutputPath, consoles.Routes()),
		"catalog report": mgr.AddMetricsServerExtraHandler(catalog.ReportPath, catalogcontroller.Report(offerings)),
		"catalog": (&catalogcontroller.Reconciler{
			Omni: omni.GetClient(), Connect: connect, Catalog: offerings, Recorder: recorder, Clock: clock,
		}).SetupWithManager(mgr, omni),
		"edgelocation": (&edgelocation.Reconciler{Omni: omni.GetClient(), Connect: connect, Catalog: offerings, Recorder: recorder, Clock: clock}).SetupWithManager(mgr, omni),
		"nodetemplate": (&nodetemplate.Reconciler{Omni: omni.GetClient()}).SetupWithManager(mgr, omni),
		"edge": (&edge.Reconciler{
			Omni: omni.GetClient(), Direct: omni.GetAPIReader(), Main: mgr.GetClient(), Connect: connect, Catalog: offerings, Unavailable: refused, Recorder: recorder, Clock: clock,
		}).SetupWithManager(mgr, omni),
		"provisioner": (&provisioner.Reconciler{
			Omni: omni.GetClient(), Main: mgr.GetClient(), Direct: omni.GetAPIReader(), Catalog: offerings, Unavailable: refused,
			EdgeOverhead: o.EdgeOverhead, Recorder: recorder, Clock: clock,
		}).SetupWithManager(mgr, omni),
		"nomination": (&nomination.Reconciler{Omni: omni.GetClient(), Main: mgr.GetClient(), Clock: clock}).SetupWithManager(mgr, omni),
		"consolidation": (&consolidation.Reconciler{
			Omni: omni.GetClient(), Main: mgr.GetClient(), Recorder: recorder, Clock: clock,
		}).SetupWithManager(mgr, omni),
		"orphan": (&orphan.Reconciler{
			Omni: omni.GetClient(), Direct: omni.GetAPIReader(), Connect: connect, Recorder: recorder, Clock: clock,
		}).SetupWithManager(mgr, omni),
		"namespace": (&namespace.Reconciler{Main: mgr.GetClient(), Recorder: recorder}).SetupWithManager(mgr),
	} {
		if err != nil {
			return fmt.Errorf("set up the controller %s: %w", what, err)
		}
	}
	return nil
}
