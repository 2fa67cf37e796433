// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/webhook"
	"github.com/castai/omni/test/object"
)

func TestStartup(t *testing.T) {
	for name, test := range map[string]struct {
		edge   string
		taints []corev1.Taint
		path   string
	}{
		"an edge with taints":        {"true", []corev1.Taint{edgenode.EdgeTaint()}, "/spec/taints/1"},
		"an edge without":            {"true", nil, "/spec/taints"},
		"an edge that has it":        {"true", []corev1.Taint{edgenode.StartupTaint("1")}, ""},
		"a node of the main cluster": {"", nil, ""},
	} {
		raw, err := json.Marshal(&corev1.Node{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
			ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{v1beta1.LabelEdgeNode: test.edge, v1beta1.LabelEdgeID: "1"}},
			Spec:       corev1.NodeSpec{Taints: test.taints},
		})
		if err != nil {
			t.Fatal(err)
		}
		h := &webhook.Startup{Decoder: admission.NewDecoder(object.Scheme(t))}
		response := h.Handle(t.Context(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{Object: runtime.RawExtension{Raw: raw}}})
		if !response.Allowed {
			t.Errorf("%s: refused: %v", name, response.Result)
		}
		if (test.path == "") != (len(response.Patches) == 0) || test.path != "" && response.Patches[0].Path != test.path || len(response.Patches) > 1 {
			t.Errorf("%s: patches %v, want one of %q", name, response.Patches, test.path)
		}
		if text := response.Patches; test.path != "" && !strings.Contains(text[0].Json(), `"value":"1"`) {
			t.Errorf("%s: the taint %s does not name the edge", name, text[0].Json())
		}
	}
}
