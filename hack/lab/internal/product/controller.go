// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package product

import (
	"context"
	"os"
	"path/filepath"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/castai/omni/hack/lab/internal/clouds"
	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

// StartController brings omni-controller up and registers its webhook. Everything
// else of the lab has to be there: it watches Liqo's kinds.
func (p *Product) StartController(ctx context.Context) error {
	certs, err := p.servingCertificate()
	if err != nil {
		return err
	}
	kubeconfig, omniKubeconfig := p.lab.Path(controller, "kubeconfig"), p.lab.Path(controller, "omni.kubeconfig")
	if err := p.serviceAccountKubeconfig(ctx, controller, p.main.Cluster(), kubeconfig); err != nil {
		return err
	}
	if err := p.serviceAccountKubeconfig(ctx, controller, p.omniCluster(), omniKubeconfig); err != nil {
		return err
	}
	err = p.run(ctx, process.Spec{
		Name: controller, Tier: process.TierProduct, Path: p.lab.Binary(controller),
		Args: append([]string{
			"--kubeconfig=" + kubeconfig, "--omni-kubeconfig=" + omniKubeconfig,
			"--cluster-id=" + clusterID,
			"--metrics-bind-address=" + p.lab.Address(layout.OmniControllerMetrics),
			"--health-probe-bind-address=" + p.lab.Address(layout.OmniControllerHealth),
			"--webhook-bind-address=" + p.lab.Address(layout.OmniControllerWebhook),
			"--webhook-cert-dir=" + certs,
			"--leader-elect",
		}, clouds.ControllerFlags(p.lab)...),
		Env:       clouds.ControllerEnv(p.lab),
		HealthURL: "http://" + p.lab.Address(layout.OmniControllerHealth) + "/readyz",
	})
	if err != nil {
		return err
	}
	return p.print.Step(ctx, "main: OMNI's webhook", func(ctx context.Context) error {
		return p.main.Client().Apply(ctx, kube.Object(p.webhook()))
	})
}

// servingCertificate returns the directory with tls.crt and tls.key, the names that
// controller-runtime reads, of the webhook and the metrics.
func (p *Product) servingCertificate() (string, error) {
	files, err := p.ca.Server("omni-webhook")
	if err != nil {
		return "", err
	}
	dir := p.lab.Path(controller, "webhook-certs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for link, target := range map[string]string{"tls.crt": files.Cert, "tls.key": files.Key} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil && !os.IsExist(err) {
			return "", err
		}
	}
	return dir, nil
}

// webhook is the registration that is shipped, by URL in place of a Service.
func (p *Product) webhook() *admissionv1.MutatingWebhookConfiguration {
	onCreate := func(resource string) []admissionv1.RuleWithOperations {
		return []admissionv1.RuleWithOperations{{
			Operations: []admissionv1.OperationType{admissionv1.Create},
			Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{resource}},
		}}
	}
	at := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{
			URL: new("https://" + p.lab.Address(layout.OmniControllerWebhook) + path), CABundle: p.ca.CertPEM(),
		}
	}
	labelled := func(key string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: "true"}}
	}
	return &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: controller},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "pods.omni.cast.ai", ClientConfig: at("/mutate-pod"), Rules: onCreate("pods"),
			NamespaceSelector:       labelled("omni.cast.ai/enable-scheduling"),
			FailurePolicy:           ptr.To(admissionv1.Fail),
			SideEffects:             ptr.To(admissionv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}, {
			// That pods go where they were planned is not worth a Node that does not come.
			Name: "nodes.omni.cast.ai", ClientConfig: at("/mutate-node"), Rules: onCreate("nodes"),
			ObjectSelector:          labelled("omni.cast.ai/edge-node"),
			FailurePolicy:           ptr.To(admissionv1.Ignore),
			TimeoutSeconds:          new(int32(2)),
			SideEffects:             ptr.To(admissionv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
}
