// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package rbac

import (
	"bufio"
	"bytes"
	_ "embed" // the manifest
	"errors"
	"fmt"
	"io"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

//go:embed kubernetes.yaml
var kubernetes []byte

// Kubernetes are the roles that every cluster has: cluster-admin, view, edit and
// admin, and discovery for whoever is authenticated.
var Kubernetes = Source{Name: "roles of Kubernetes", YAML: kubernetes}

// Source is a file of RBAC objects.
type Source struct {
	// Name of the file, for errors.
	Name string
	// YAML documents, each a Role, ClusterRole, RoleBinding or ClusterRoleBinding.
	YAML []byte
}

var decoder = newDecoder()

func newDecoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	utilruntime.Must(rbacv1.AddToScheme(scheme))
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// key tells objects apart; the namespace of a cluster's object is empty.
type key struct{ kind, namespace, name string }

func (k key) String() string {
	if k.namespace == "" {
		return k.kind + " " + k.name
	}
	return k.kind + " " + k.namespace + "/" + k.name
}

type objects map[key]runtime.Object

// Parse reads the sources. It refuses what is no RBAC object, a name that is
// given twice, and a binding to a role that is in none of the sources.
func Parse(sources ...Source) (*Policy, error) {
	all := objects{}
	for _, source := range sources {
		if err := all.read(source.YAML); err != nil {
			return nil, fmt.Errorf("%s: %w", source.Name, err)
		}
	}
	p := &Policy{}
	for k, object := range all {
		var err error
		switch binding := object.(type) {
		case *rbacv1.ClusterRoleBinding:
			err = p.bind(all, k, binding.RoleRef, binding.Subjects)
		case *rbacv1.RoleBinding:
			err = p.bind(all, k, binding.RoleRef, binding.Subjects)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
	}
	return p, nil
}

func (all objects) read(content []byte) error {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for number := 1; ; number++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// A document may be nothing but comments.
		if content, err := utilyaml.ToJSON(document); err == nil && string(content) == "null" {
			continue
		}
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		if err := all.add(kind.Kind, object); err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
	}
}

func (all objects) add(kind string, object runtime.Object) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return fmt.Errorf("%s: write its items as documents of their own", kind)
	}
	k := key{kind, accessor.GetNamespace(), accessor.GetName()}
	namespaced := kind == "Role" || kind == "RoleBinding"
	switch {
	case k.name == "":
		return fmt.Errorf("%s: metadata.name is missing", kind)
	case namespaced && k.namespace == "":
		return fmt.Errorf("%s: metadata.namespace is missing", k)
	case !namespaced && k.namespace != "":
		return fmt.Errorf("%s: it is of the whole cluster: drop metadata.namespace", k)
	case all[k] != nil:
		return fmt.Errorf("%s is there already: choose another name", k)
	}
	all[k] = object
	return nil
}

// rules of the role that a binding in the namespace refers to.
func (all objects) rules(namespace string, ref rbacv1.RoleRef) ([]rbacv1.PolicyRule, error) {
	k := key{kind: ref.Kind, name: ref.Name}
	if ref.Kind == "Role" {
		k.namespace = namespace
	}
	switch role := all[k].(type) {
	case *rbacv1.Role:
		return role.Rules, nil
	case *rbacv1.ClusterRole:
		return all.aggregated(role, map[string]bool{})
	default:
		return nil, fmt.Errorf("roleRef: there is no %s", k)
	}
}

// aggregated are the rules of the role and of those that are aggregated into it,
// which may be aggregated themselves.
func (all objects) aggregated(role *rbacv1.ClusterRole, seen map[string]bool) ([]rbacv1.PolicyRule, error) {
	if seen[role.Name] {
		return nil, nil
	}
	seen[role.Name] = true
	rules := role.Rules
	if role.AggregationRule == nil {
		return rules, nil
	}
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, fmt.Errorf("ClusterRole %s: aggregationRule: %w", role.Name, err)
		}
		for _, object := range all {
			part, ok := object.(*rbacv1.ClusterRole)
			if !ok || !selector.Matches(labels.Set(part.Labels)) {
				continue
			}
			more, err := all.aggregated(part, seen)
			if err != nil {
				return nil, err
			}
			rules = append(slices.Clip(rules), more...)
		}
	}
	return rules, nil
}
