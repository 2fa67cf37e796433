// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// validateUserData: cloud-init tells by the first line what it is given, and
// ignores on a machine that boots what nobody sees fail.
func validateUserData(userData string, path *field.Path) field.ErrorList {
	line, _, _ := strings.Cut(userData, "\n")
	switch {
	case userData == "" || strings.HasPrefix(line, "#!"):
		return nil
	case strings.TrimSpace(line) != "#cloud-config":
		return field.ErrorList{field.Invalid(path, line, "the first line must be #cloud-config, or begin with #! for a script")}
	}
	var config map[string]any
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		return field.ErrorList{field.Invalid(path, line, "what follows must be a map in YAML, as cloud-init reads it: "+err.Error())}
	}
	return nil
}
