// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package query is strict with the query parameters of subresources. The library
// ignores a parameter that is misspelt, given twice, or that a type does not have,
// and names none that is no number.
package query

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// generic are parameters that every GET of an API server may have: the deadline,
// the layout, and what the rows of a table hold.
var generic = []string{"includeObject", "pretty", "timeout"}

// Check returns an error that names the first parameter, in alphabetical order,
// that is not a field of options, is given more than once, or is not a number
// where one is wanted. options points to a struct with JSON tags.
func Check(values url.Values, options any) error {
	known := fields(reflect.TypeOf(options).Elem())
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kind, ok := known[name]
		switch {
		case slices.Contains(generic, name):
			continue
		case !ok && len(known) == 0:
			return fmt.Errorf("unknown query parameter %q: there are none", name)
		case !ok:
			return fmt.Errorf("unknown query parameter %q: known are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case len(values[name]) != 1:
			return fmt.Errorf("query parameter %s is given %d times: give it once", name, len(values[name]))
		}
		if value := values.Get(name); kind == reflect.Int64 {
			if _, err := strconv.ParseInt(value, 10, 64); err != nil {
				return fmt.Errorf("query parameter %s: %q is not an integer", name, value)
			}
		}
	}
	return nil
}

// fields returns the kinds of the fields by their JSON names.
func fields(options reflect.Type) map[string]reflect.Kind {
	known := map[string]reflect.Kind{}
	for field := range options.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			known[name] = field.Type.Kind()
		}
	}
	return known
}
