// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package liqo

import (
	"context"
	_ "embed" // the manifest

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/pki"
)

//go:embed manifests/virtual-kubelet.yaml
var virtualKubeletDefaults []byte

// register points main's API server at Liqo's webhook and gives the virtual
// kubelets their defaults.
func (i *Installation) register(ctx context.Context, client *kube.Client) error {
	ca, err := pki.NewAuthority(i.lab.PKI(), "lab-ca")
	if err != nil {
		return err
	}
	bundle := ca.CertPEM()
	base := "https://" + i.lab.Address(layout.LiqoWebhook)
	err = client.Apply(ctx, kube.Object(mutating(base, bundle)), kube.Object(validating(base, bundle)))
	if err != nil {
		return err
	}
	return client.ApplyManifests(ctx, virtualKubeletDefaults)
}

// hook is one of Liqo's webhooks, as its chart registers them.
type hook struct {
	name, path, group, version, resource string
	operations                           []admissionv1.OperationType
	namespaces                           *metav1.LabelSelector
}

var (
	onCreate = []admissionv1.OperationType{admissionv1.Create}
	onWrite  = []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}
	onAny    = []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete}
)

var mutatingHooks = []hook{
	{"pod.mutate.liqo.io", "/mutate/pod", "", "v1", "pods", onCreate, &metav1.LabelSelector{
		MatchLabels: map[string]string{"liqo.io/scheduling-enabled": "true"},
	}},
	{"shadowpod.mutate.liqo.io", "/mutate/shadowpods", "offloading.liqo.io", "v1beta1", "shadowpods", onAny, nil},
	{"fc.mutate.liqo.io", "/mutate/foreign-cluster", "core.liqo.io", "v1beta1", "foreignclusters", onWrite, nil},
	{"virtualnode.mutate.liqo.io", "/mutate/virtualnodes", "offloading.liqo.io", "v1beta1", "virtualnodes", onWrite, nil},
	{"tenant.mutate.liqo.io", "/mutate/tenants", "authentication.liqo.io", "v1beta1", "tenants", onWrite, nil},
}

var validatingHooks = []hook{
	{"nsoff.validate.liqo.io", "/validate/namespace-offloading", "offloading.liqo.io", "v1beta1", "namespaceoffloadings", onWrite, nil},
	{"shadowpod.validate.liqo.io", "/validate/shadowpods", "offloading.liqo.io", "v1beta1", "shadowpods", onAny, nil},
	{"resourceslice.validate.liqo.io", "/validate/resourceslices", "authentication.liqo.io", "v1beta1", "resourceslices", onWrite, nil},
	{"tenant.validate.liqo.io", "/validate/tenants", "authentication.liqo.io", "v1beta1", "tenants", onWrite, nil},
}

func mutating(base string, bundle []byte) *admissionv1.MutatingWebhookConfiguration {
	config := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "liqo-webhook"}}
	for _, h := range mutatingHooks {
		config.Webhooks = append(config.Webhooks, admissionv1.MutatingWebhook{
			Name: h.name, ClientConfig: h.clientConfig(base, bundle), Rules: h.rules(), NamespaceSelector: h.namespaces,
			AdmissionReviewVersions: []string{"v1"},
			SideEffects:             ptr.To(admissionv1.SideEffectClassNone),
			FailurePolicy:           ptr.To(admissionv1.Fail),
		})
	}
	return config
}

func validating(base string, bundle []byte) *admissionv1.ValidatingWebhookConfiguration {
	config := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "liqo-webhook"}}
	for _, h := range validatingHooks {
		config.Webhooks = append(config.Webhooks, admissionv1.ValidatingWebhook{
			Name: h.name, ClientConfig: h.clientConfig(base, bundle), Rules: h.rules(), NamespaceSelector: h.namespaces,
			AdmissionReviewVersions: []string{"v1"},
			SideEffects:             ptr.To(admissionv1.SideEffectClassNone),
			FailurePolicy:           ptr.To(admissionv1.Fail),
		})
	}
	return config
}

func (h hook) clientConfig(base string, bundle []byte) admissionv1.WebhookClientConfig {
	return admissionv1.WebhookClientConfig{URL: new(base + h.path), CABundle: bundle}
}

func (h hook) rules() []admissionv1.RuleWithOperations {
	return []admissionv1.RuleWithOperations{{
		Operations: h.operations,
		Rule:       admissionv1.Rule{APIGroups: []string{h.group}, APIVersions: []string{h.version}, Resources: []string{h.resource}},
	}}
}
