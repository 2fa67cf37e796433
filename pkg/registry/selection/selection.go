// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package selection lets clients select objects by fields, and the watch cache
// find them without looking at every object.
package selection

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/cache"
)

// Field is a field that a selector may name.
type Field[P metav1.Object] struct {
	// Name as in the selector, for example status.phase.
	Name string
	// Value is what the selector compares with.
	Value func(P) string
}

// Fields are the fields of a kind that a selector may name besides
// metadata.name and metadata.namespace, the most selective first.
//
// The watch cache keeps an index of each; a list uses the first one whose value
// the selector fixes. The first field is the trigger too: a watch that fixes it
// is woken by its own objects alone. The cache can have one trigger a resource.
type Fields[P metav1.Object] []Field[P]

// GetAttrs returns the labels of the object and its fields that can be selected.
func (f Fields[P]) GetAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	object, ok := obj.(P)
	if !ok {
		return nil, nil, fmt.Errorf("%T is no %T", obj, object)
	}
	const metadata = 2 // name and namespace
	set := make(fields.Set, len(f)+metadata)
	for _, field := range f {
		set[field.Name] = field.Value(object)
	}
	set["metadata.name"], set["metadata.namespace"] = object.GetName(), object.GetNamespace()
	return object.GetLabels(), set, nil
}

// Predicate is the PredicateFunc of a store.
func (f Fields[P]) Predicate(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	predicate := storage.SelectionPredicate{Label: label, Field: field, GetAttrs: f.GetAttrs}
	for _, field := range f {
		predicate.IndexFields = append(predicate.IndexFields, field.Name)
	}
	return predicate
}

// StoreOptions are the options of a store whose PredicateFunc is Predicate.
func (f Fields[P]) StoreOptions(optsGetter generic.RESTOptionsGetter) *generic.StoreOptions {
	options := &generic.StoreOptions{RESTOptions: optsGetter, AttrFunc: f.GetAttrs}
	if len(f) == 0 {
		return options
	}
	indexers := cache.Indexers{}
	for _, field := range f {
		indexers[storage.FieldIndex(field.Name)] = field.index
	}
	options.Indexers = &indexers
	options.TriggerFunc = storage.IndexerFuncs{f[0].Name: f[0].trigger}
	return options
}

// index is a cache.IndexFunc.
func (f Field[P]) index(obj any) ([]string, error) {
	object, ok := obj.(P)
	if !ok {
		return nil, fmt.Errorf("index %s: %T is no %T", f.Name, obj, object)
	}
	return []string{f.Value(object)}, nil
}

// trigger is a storage.IndexerFunc. The store holds objects of its kind only.
func (f Field[P]) trigger(obj runtime.Object) string { return f.Value(obj.(P)) }
