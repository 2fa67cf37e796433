// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// price is a decimal without sign or exponent, so that it reads the same in
// every language.
var price = regexp.MustCompile(`^\d{1,9}(\.\d{1,9})?$`)

func validatePrice(value string, path *field.Path) field.ErrorList {
	if value == "" || price.MatchString(value) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, "must be US dollars per hour as a decimal, for example 2.50")}
}

func oneOf[T ~string](value T, path *field.Path, supported ...T) field.ErrorList {
	switch {
	case slices.Contains(supported, value):
		return nil
	case value == "":
		return field.ErrorList{field.Required(path, fmt.Sprintf("one of %q", supported))}
	}
	return field.ErrorList{field.NotSupported(path, value, supported)}
}

// validateNodeLabels: labels of a Node that users may choose.
func validateNodeLabels(labels map[string]string, path *field.Path) field.ErrorList {
	allErrs := metav1validation.ValidateLabels(labels, path)
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if isReserved(key) {
			allErrs = append(allErrs, field.Invalid(path.Key(key), key, reservedMessage()))
		}
	}
	return allErrs
}

func validateTaints(taints []corev1.Taint, path *field.Path) field.ErrorList {
	var allErrs field.ErrorList
	type identity struct {
		key    string
		effect corev1.TaintEffect
	}
	seen := sets.New[identity]()
	for i, taint := range taints {
		at := path.Index(i)
		allErrs = append(allErrs, metav1validation.ValidateLabelName(taint.Key, at.Child("key"))...)
		for _, message := range validation.IsValidLabelValue(taint.Value) {
			allErrs = append(allErrs, field.Invalid(at.Child("value"), taint.Value, message))
		}
		allErrs = append(allErrs, oneOf(taint.Effect, at.Child("effect"),
			corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)...)
		if isReserved(taint.Key) {
			allErrs = append(allErrs, field.Invalid(at.Child("key"), taint.Key, reservedMessage()))
		}
		id := identity{taint.Key, taint.Effect}
		if seen.Has(id) {
			allErrs = append(allErrs, field.Duplicate(at, id.key+":"+string(id.effect)))
		}
		seen.Insert(id)
	}
	return allErrs
}
