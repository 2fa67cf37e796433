// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"slices"
	"strconv"
)

// met says whether labels meet a requirement, as Karpenter reads it: a label that
// is not there meets NotIn and DoesNotExist only.
func (r *Requirement) met(labels map[string]string) bool {
	value, ok := labels[r.Key]
	switch r.Operator {
	case "In":
		return ok && slices.Contains(r.Values, value)
	case "NotIn":
		return !slices.Contains(r.Values, value)
	case "Exists":
		return ok
	case "DoesNotExist":
		return !ok
	}
	bound, boundErr := strconv.Atoi(r.Values[0])
	number, err := strconv.Atoi(value)
	if boundErr != nil || err != nil {
		return false
	}
	switch r.Operator {
	case "Gt":
		return number > bound
	case "Gte":
		return number >= bound
	case "Lt":
		return number < bound
	case "Lte":
		return number <= bound
	}
	return false
}

func met(requirements []Requirement, labels map[string]string) bool {
	return !slices.ContainsFunc(requirements, func(r Requirement) bool { return !r.met(labels) })
}

// choices returns the sets of labels that meet requirements of kind In: one of each
// value of each key that labels does not have yet.
func choices(labels map[string]string, requirements []Requirement) []map[string]string {
	sets := []map[string]string{labels}
	for _, r := range requirements {
		if _, ok := labels[r.Key]; ok || r.Operator != "In" {
			continue
		}
		var next []map[string]string
		for _, set := range sets {
			for _, value := range r.Values {
				if have, ok := set[r.Key]; ok && have != value {
					continue
				}
				next = append(next, with(set, r.Key, value))
			}
		}
		sets = next
	}
	return sets
}
