// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package crd

import (
	"fmt"
	"maps"
	"strings"
)

// The shapes of names, as apimachinery's validation has them.
const (
	dnsLabel      = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	dnsSubdomain  = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	qualifiedName = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$`
	labelValue    = `^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	// cloudName has the characters that clouds name things with.
	cloudName = `^[A-Za-z0-9]([A-Za-z0-9._:/-]{0,253}[A-Za-z0-9])?$`
	// reserved are the keys that pkg/apis/omni/validation keeps for OMNI and Liqo.
	reserved = `^([^/]*\.)?(omni\.cast\.ai|liqo\.io)/`
)

// keywords are keywords of a JSON schema.
type keywords map[string]any

func pattern(shape string, maxLength int) keywords {
	return keywords{"pattern": shape, "maxLength": maxLength}
}

func enum(values ...any) keywords { return keywords{"enum": values} }

// cel returns validation rules, in pairs of a rule and its message.
func cel(pairs ...string) keywords {
	var rules []any
	for i := 0; i < len(pairs); i += 2 {
		rules = append(rules, map[string]any{"rule": pairs[i], "message": pairs[i+1]})
	}
	return keywords{"x-kubernetes-validations": rules}
}

// rules are what pkg/apis/omni/validation checks of an Edge, by path, in the
// language of CRDs. The bounds of lists and maps are what CEL's cost budget needs.
var rules = []struct {
	path  string
	rules []keywords
}{
	{"", []keywords{cel(
		"self.metadata.name.size() <= 63 && self.metadata.name.matches('"+dnsLabel+"')", "metadata.name must be a DNS label")}},
	{"spec", []keywords{cel("self == oldSelf", "spec is immutable: delete the Edge and create another one")}},
	{"spec.edgeLocationName", []keywords{pattern(dnsSubdomain, 253)}},
	{"spec.nodeTemplateName", []keywords{pattern(dnsSubdomain, 253)}},
	{"spec.instanceType", []keywords{pattern(cloudName, 255)}},
	{"spec.zone", []keywords{pattern(cloudName, 255)}},
	{"spec.capacityType", []keywords{enum("spot", "on-demand")}},
	{"spec.imageID", []keywords{pattern(cloudName, 255)}},
	{"spec.labels", []keywords{{"maxProperties": 64}, cel(
		"self.all(k, k.size() <= 317 && k.matches('"+escape(qualifiedName)+"'))", "keys must be qualified names",
		"!self.exists(k, k.matches('"+escape(reserved)+"'))", "keys under omni.cast.ai/ and liqo.io/ are set by OMNI and Liqo only")}},
	{"spec.labels{}", []keywords{pattern(labelValue, 63)}},
	{"spec.taints", []keywords{{"maxItems": 16}, cel(
		"self.all(t, self.exists_one(u, u.key == t.key && u.effect == t.effect))", "a key and an effect at most once",
		"!self.exists(t, t.key.matches('"+escape(reserved)+"'))", "keys under omni.cast.ai/ and liqo.io/ are set by OMNI and Liqo only")}},
	{"spec.taints[].key", []keywords{pattern(qualifiedName, 317)}},
	{"spec.taints[].value", []keywords{pattern(labelValue, 63)}},
	{"spec.taints[].effect", []keywords{enum("NoSchedule", "PreferNoSchedule", "NoExecute")}},
	{"status.phase", []keywords{enum("", "Pending", "Launching", "Launched", "Registered", "Ready", "Draining", "Terminating")}},
	{"status.hourlyPrice", []keywords{{"pattern": `^(\d{1,9}(\.\d{1,9})?)?$`}}},
	// As the markers on metav1.Condition say.
	{"status.conditions[].type", []keywords{pattern(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`, 316)}},
	{"status.conditions[].status", []keywords{enum("True", "False", "Unknown")}},
	{"status.conditions[].observedGeneration", []keywords{{"minimum": 0}}},
	{"status.conditions[].reason", []keywords{pattern(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`, 1024), {"minLength": 1}}},
	{"status.conditions[].message", []keywords{{"maxLength": 32768}}},
}

// escape writes a regular expression as the content of a CEL string.
func escape(shape string) string { return strings.ReplaceAll(shape, `\`, `\\`) }

// constrain adds the rules to the schema of an Edge.
func constrain(schema map[string]any) error {
	for _, r := range rules {
		node, err := find(schema, r.path)
		if err != nil {
			return err
		}
		for _, words := range r.rules {
			maps.Copy(node, words)
		}
	}
	return nil
}

// find returns the part of a schema at a path; [] are the items of a list and {}
// the values of a map.
func find(schema map[string]any, path string) (map[string]any, error) {
	node := schema
	for name := range strings.SplitSeq(path, ".") {
		if name == "" {
			continue
		}
		name, isList := strings.CutSuffix(name, "[]")
		name, isMap := strings.CutSuffix(name, "{}")
		steps := []string{"properties", name}
		switch {
		case isList:
			steps = append(steps, "items")
		case isMap:
			steps = append(steps, "additionalProperties")
		}
		for _, step := range steps {
			next, ok := node[step].(map[string]any)
			if !ok {
				return nil, fmt.Errorf("the schema of an Edge has no %s", path)
			}
			node = next
		}
	}
	return node, nil
}
