// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestRowsCarryWhatIsAskedFor(t *testing.T) {
	list := &corev1.NodeList{Items: []corev1.Node{{
		ObjectMeta: metav1.ObjectMeta{
			Name: "a", UID: "1", Labels: map[string]string{"k": "v"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m"}},
		},
		Spec: corev1.NodeSpec{ProviderID: "p"},
	}}}
	convertor := NewConvertor(Name[*corev1.Node]())
	for include, whole := range map[metav1.IncludeObjectPolicy]bool{
		"": false, metav1.IncludeMetadata: false, metav1.IncludeNone: false, metav1.IncludeObject: true,
	} {
		t.Run(string(include), func(t *testing.T) {
			table, err := convertor.ConvertToTable(context.Background(), list, &metav1.TableOptions{IncludeObject: include})
			if err != nil {
				t.Fatal(err)
			}
			object := table.Rows[0].Object.Object
			if _, ok := object.(*corev1.Node); ok != whole {
				t.Errorf("the row carries a %T", object)
			}
			metadata, err := meta.Accessor(object)
			if err != nil {
				t.Fatal(err)
			}
			if metadata.GetName() != "a" || metadata.GetUID() != "1" || metadata.GetLabels()["k"] != "v" {
				t.Errorf("the metadata are %v", metadata)
			}
			if got := len(metadata.GetManagedFields()) > 0; got != whole {
				t.Errorf("managed fields: %v", metadata.GetManagedFields())
			}
		})
	}
	if len(list.Items[0].ManagedFields) == 0 {
		t.Error("the object itself, which the watch cache shares, has lost its managed fields")
	}
}
