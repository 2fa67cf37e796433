// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"encoding/json"
	"net/http"
	"testing"

	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/namespace"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/webhook"
	"github.com/castai/omni/test/object"
)

func TestHandle(t *testing.T) {
	custom := corev1.Toleration{Key: "team", Operator: corev1.TolerationOpExists}
	labelled := func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1beta1.LabelEnableScheduling: "true"}}}
	}
	open := []client.Object{labelled("jobs"), namespace.Offloading("jobs")}
	volume := corev1.Volume{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}}
	for name, tc := range map[string]struct {
		namespace string
		objects   []client.Object
		spec      corev1.PodSpec
		code      int32
		patched   bool
		warned    bool
	}{
		"adds the toleration":                  {"jobs", open, corev1.PodSpec{Tolerations: []corev1.Toleration{custom}}, http.StatusOK, true, false},
		"not twice":                            {"jobs", open, corev1.PodSpec{Tolerations: []corev1.Toleration{edgenode.EdgeToleration()}}, http.StatusOK, false, false},
		"not to a pod with a volume":           {"jobs", open, corev1.PodSpec{Volumes: []corev1.Volume{volume}}, http.StatusOK, false, true},
		"not before Liqo is ready":             {"jobs", open[:1], corev1.PodSpec{}, http.StatusServiceUnavailable, false, false},
		"not in a namespace without label":     {"jobs", []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "jobs"}}}, corev1.PodSpec{}, http.StatusOK, false, false},
		"never in default":                     {"default", []client.Object{labelled("default")}, corev1.PodSpec{}, http.StatusOK, false, false},
		"a namespace nobody knows is an error": {"jobs", nil, corev1.PodSpec{}, http.StatusInternalServerError, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			response := handle(t, tc.namespace, tc.objects, tc.spec)
			code := int32(http.StatusOK)
			if response.Result != nil && response.Result.Code != 0 {
				code = response.Result.Code
			}
			if code != tc.code || (len(response.Patches) > 0) != tc.patched || (len(response.Warnings) > 0) != tc.warned {
				t.Fatalf("response = %+v", response)
			}
			for _, p := range response.Patches {
				if p.Path != "/spec/tolerations/1" {
					t.Errorf("patches %s, want only the toleration", p.Path)
				}
			}
		})
	}
}

func handle(t *testing.T, ns string, objects []client.Object, spec corev1.PodSpec) admission.Response {
	t.Helper()
	scheme := object.Scheme(t, offloadingv1beta1.AddToScheme)
	raw, err := json.Marshal(&corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	h := &webhook.Toleration{
		Main: fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), Decoder: admission.NewDecoder(scheme),
	}
	return h.Handle(t.Context(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Namespace: ns, Object: runtime.RawExtension{Raw: raw},
	}})
}
