// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistrytest "k8s.io/apiserver/pkg/registry/generic/testing"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/registry/registrytest"
)

func valid() *omni.NodeTemplate {
	return &omni.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: "valid", Namespace: metav1.NamespaceDefault},
		Spec:       omni.NodeTemplateSpec{EdgeLocations: omni.TemplateEdgeLocations{Enabled: true}},
	}
}

// TestStore runs the contract of a generic store against a real etcd.
func TestStore(t *testing.T) {
	options := registrytest.RESTOptions(t, "nodetemplates")
	for name, test := range map[string]func(*genericregistrytest.Tester){
		"create": func(tester *genericregistrytest.Tester) {
			created, bad := valid(), valid()
			created.ObjectMeta, bad.ObjectMeta = metav1.ObjectMeta{}, metav1.ObjectMeta{}
			bad.Spec.Constraints.MinCPU = -1
			tester.TestCreate(created, bad)
		},
		"update": func(tester *genericregistrytest.Tester) {
			tester.TestUpdate(valid(), func(obj runtime.Object) runtime.Object {
				obj.(*omni.NodeTemplate).Spec.Constraints.MinCPU = 2
				return obj
			}, func(obj runtime.Object) runtime.Object {
				obj.(*omni.NodeTemplate).Spec.Constraints.MinCPU = -1
				return obj
			})
		},
		"delete": func(tester *genericregistrytest.Tester) { tester.TestDelete(valid()) },
		"get":    func(tester *genericregistrytest.Tester) { tester.TestGet(valid()) },
		"list":   func(tester *genericregistrytest.Tester) { tester.TestList(valid()) },
		"watch": func(tester *genericregistrytest.Tester) {
			tester.TestWatch(valid(),
				[]labels.Set{}, []labels.Set{{"no": "such"}},
				[]fields.Set{{"metadata.name": "valid"}}, []fields.Set{{"metadata.name": "other"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			options.ResourcePrefix = name // every test begins with nothing
			storage, err := NewStorage(options, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer storage.NodeTemplate.Destroy()
			test(genericregistrytest.New(t, storage.NodeTemplate.Store))
		})
	}
}
