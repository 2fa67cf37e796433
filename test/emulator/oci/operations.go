// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"reflect"
	"strings"
)

//go:generate go run ./gen zz_generated.operations.go

// operation is an operation of OCI's API as oci-go-sdk describes it.
type operation struct {
	// name as in the API reference, for example LaunchInstance.
	name, method string
	// path with its version and variables: /20160918/instances/{instanceId}.
	path string
	// request and response are the SDK's structs; their tags are the rules.
	request, response reflect.Type
}

// route finds the operation of a request and the values of its path's variables;
// nil if there is none. A literal segment wins over a variable.
func route(method, path string) (*operation, map[string]string) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	var best *operation
	var bestVars map[string]string
	for i := range operations {
		op := &operations[i]
		if op.method != method {
			continue
		}
		vars, ok := match(strings.Split(op.path, "/"), segments)
		if ok && (best == nil || len(vars) < len(bestVars)) {
			best, bestVars = op, vars
		}
	}
	return best, bestVars
}

func match(pattern, segments []string) (map[string]string, bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		switch {
		case strings.HasPrefix(p, "{"):
			vars[strings.Trim(p, "{}")] = segments[i]
		case p != segments[i]:
			return nil, false
		}
	}
	return vars, true
}

// collection is the first segment of the path after the version, and the rest.
func (o *operation) collection() (name string, rest []string) {
	segments := strings.Split(strings.Trim(o.path, "/"), "/")
	if len(segments) < 2 {
		return "", nil
	}
	return segments[1], segments[2:]
}

// body is the type of what the response carries in its body, nil if nothing, and
// whether it is a list of them.
func (o *operation) body() (item reflect.Type, list bool) {
	for f := range o.response.Fields() {
		if f.Tag.Get("presentIn") != "body" {
			continue
		}
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Slice {
			return t.Elem(), true
		}
		return t, false
	}
	return nil, false
}
