// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheme

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
)

// fieldLabels are the fields of each kind that a field selector may name. The
// registry of the kind computes their values (SelectableFields).
var fieldLabels = map[string][]string{
	"EdgeLocation": {"metadata.name", "metadata.namespace", "spec.provider", "spec.region", "status.phase"},
	"NodeTemplate": {"metadata.name", "metadata.namespace"},
	"Edge":         {"metadata.name", "metadata.namespace", "spec.edgeLocationName", "spec.nodeTemplateName", "status.phase"},
}

func addFieldLabels(scheme *runtime.Scheme) error {
	for kind, labels := range fieldLabels {
		gvk := v1alpha1.SchemeGroupVersion.WithKind(kind)
		err := scheme.AddFieldLabelConversionFunc(gvk, func(label, value string) (string, string, error) {
			if !slices.Contains(labels, label) {
				return "", "", fmt.Errorf("%q is not a field selector of %s: use one of %s", label, kind, strings.Join(labels, ", "))
			}
			return label, value, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
