// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheme

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/castai/omni/pkg/apis/omni"
)

// fieldLabels are the fields of each kind that a field selector may name, in every
// version. The registry of the kind computes their values (Selectable).
var fieldLabels = map[string][]string{
	"EdgeLocation": {"metadata.name", "metadata.namespace", "spec.provider", "spec.region", "status.phase"},
	"NodeTemplate": {"metadata.name", "metadata.namespace"},
	"Edge":         {"metadata.name", "metadata.namespace", "spec.edgeLocationName", "spec.nodeTemplateName", "status.phase"},
}

func addFieldLabels(scheme *runtime.Scheme) error {
	for kind, labels := range fieldLabels {
		convert := func(label, value string) (string, string, error) {
			if !slices.Contains(labels, label) {
				return "", "", fmt.Errorf("%q is not a field selector of %s: use one of %s", label, kind, strings.Join(labels, ", "))
			}
			return label, value, nil
		}
		for _, version := range scheme.PrioritizedVersionsForGroup(omni.GroupName) {
			if err := scheme.AddFieldLabelConversionFunc(version.WithKind(kind), convert); err != nil {
				return err
			}
		}
	}
	return nil
}
