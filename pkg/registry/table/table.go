// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package table turns API objects into the tables kubectl prints, from one list
// of columns a kind.
package table

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
)

// Object is a pointer to E that carries object metadata.
type Object[E any] interface {
	*E
	metav1.Object
}

// Column is one column of the table of objects of type P.
type Column[P any] struct {
	// Name is the header; kubectl prints it in capitals.
	Name string
	// Type is string or integer, Format "name" for the column that names the
	// object, as OpenAPI has them.
	Type, Format string
	// Description says what the column means; kubectl and consoles show it.
	Description string
	// Wide columns are printed with -o wide only.
	Wide bool
	// Value computes the cell: a string or an int64.
	Value func(P) any
}

// Convertor makes tables of objects of type E and of their lists.
type Convertor[E any, P Object[E]] struct {
	columns []Column[P]
}

var _ rest.TableConvertor = Convertor[metav1.PartialObjectMetadata, *metav1.PartialObjectMetadata]{}

// NewConvertor returns a Convertor with these columns.
func NewConvertor[E any, P Object[E]](columns ...Column[P]) Convertor[E, P] {
	return Convertor[E, P]{columns: columns}
}

// Name is the column that names the object.
func Name[P metav1.Object]() Column[P] {
	return Column[P]{
		Name: "Name", Type: "string", Format: "name",
		Description: "Name of the object, unique in its namespace.",
		Value:       func(o P) any { return o.GetName() },
	}
}

// Age is the column that says how long ago the object was created.
func Age[P metav1.Object]() Column[P] {
	return Column[P]{
		Name:        "Age",
		Type:        "string",
		Description: "Time since the object was created.",
		Value: func(o P) any {
			return metatable.ConvertToHumanReadableDateType(o.GetCreationTimestamp())
		},
	}
}

// Ready is the wide column that says whether the condition Ready of the object
// is True, or the reason why it is not.
func Ready[P any](description string, conditions func(P) []metav1.Condition) Column[P] {
	return Column[P]{
		Name: "Ready", Type: "string", Wide: true,
		Description: description,
		Value: func(o P) any {
			ready := meta.FindStatusCondition(conditions(o), omni.ConditionReady)
			switch {
			case ready == nil:
				return string(metav1.ConditionUnknown)
			case ready.Status == metav1.ConditionTrue:
				return string(metav1.ConditionTrue)
			default:
				return ready.Reason
			}
		},
	}
}

// ConvertToTable implements rest.TableConvertor for an E or a list of E.
func (c Convertor[E, P]) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	asked, ok := options.(*metav1.TableOptions)
	if !ok || asked == nil {
		asked = &metav1.TableOptions{}
	}
	if !asked.NoHeaders {
		table.ColumnDefinitions = c.definitions()
	}
	if item, ok := object.(P); ok {
		table.ResourceVersion = item.GetResourceVersion()
		table.Rows = []metav1.TableRow{c.row(item, asked.IncludeObject)}
		return table, nil
	}
	list, err := meta.ListAccessor(object)
	if err != nil {
		return nil, fmt.Errorf("make a table of %T: %w", object, err)
	}
	table.ResourceVersion = list.GetResourceVersion()
	table.Continue = list.GetContinue()
	table.RemainingItemCount = list.GetRemainingItemCount()
	items, err := meta.GetItemsPtr(object)
	if err != nil {
		return nil, fmt.Errorf("make a table of %T: %w", object, err)
	}
	slice, ok := items.(*[]E)
	if !ok {
		return nil, fmt.Errorf("make a table of %T: its items are %T", object, items)
	}
	for i := range *slice {
		table.Rows = append(table.Rows, c.row(&(*slice)[i], asked.IncludeObject))
	}
	return table, nil
}

func (c Convertor[E, P]) definitions() []metav1.TableColumnDefinition {
	definitions := make([]metav1.TableColumnDefinition, 0, len(c.columns))
	for _, column := range c.columns {
		definition := metav1.TableColumnDefinition{
			Name: column.Name, Type: column.Type, Format: column.Format, Description: column.Description,
		}
		if column.Wide {
			definition.Priority = 1
		}
		definitions = append(definitions, definition)
	}
	return definitions
}

func (c Convertor[E, P]) row(item P, include metav1.IncludeObjectPolicy) metav1.TableRow {
	cells := make([]any, 0, len(c.columns))
	for _, column := range c.columns {
		cells = append(cells, column.Value(item))
	}
	return metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: rowObject(item, include)}}
}

// rowObject is what the handler makes the object of a row from: the whole object
// if that was asked for, else its metadata. The latter come without the managed
// fields, which no table shows and which are four fifths of its bytes otherwise.
// Items that are no objects of the API by themselves have metadata only, for the
// handler answers 500 to a row without.
func rowObject(item metav1.Object, include metav1.IncludeObjectPolicy) runtime.Object {
	if object, ok := item.(runtime.Object); ok && include == metav1.IncludeObject {
		return object
	}
	metadata := meta.AsPartialObjectMetadata(item)
	metadata.ManagedFields = nil
	return metadata
}
