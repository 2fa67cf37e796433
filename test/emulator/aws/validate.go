// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameters is the tree of "A.1.B=v": a leaf has a value, the rest children.
type parameters struct {
	value    *string
	children map[string]*parameters
}

func newParameters(values url.Values) (*parameters, *Error) {
	root := &parameters{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) != 1 {
			return nil, &Error{"MalformedQueryString", "The parameter " + key + " is given more than once"}
		}
		p := root
		for part := range strings.SplitSeq(key, ".") {
			if p.children == nil {
				p.children = map[string]*parameters{}
			}
			if p.children[part] == nil {
				p.children[part] = &parameters{}
			}
			p = p.children[part]
		}
		p.value = &values[key][0]
	}
	return root, nil
}

// Validate checks the parameters of an action, Action and Version aside, like EC2
// does: UnknownParameter, MissingParameter, InvalidParameterValue.
func (m *Model) Validate(action string, values url.Values) *Error {
	op, ok := m.Operations[action]
	if !ok {
		return &Error{"InvalidAction", "The action " + action + " is not valid for this web service."}
	}
	values = maps.Clone(values)
	values.Del("Action")
	values.Del("Version")
	root, err := newParameters(values)
	if err != nil {
		return err
	}
	if op.Input == nil {
		if len(root.children) > 0 {
			return unknownParameter(slices.Sorted(maps.Keys(root.children))[0])
		}
		return nil
	}
	return m.validate(root, op.Input.Shape, "")
}

// validate walks a tree down the model. path names the parameter in errors.
func (m *Model) validate(p *parameters, name, path string) *Error {
	s := m.Shapes[name]
	switch s.Type {
	case "structure":
		return m.validateStructure(p, s, path)
	case "list":
		return m.validateList(p, s, path)
	}
	if p.value == nil || p.children != nil {
		return unknownParameter(path)
	}
	// moto knows the instance types of a region; the SDKs know newer ones than the model.
	if name == "InstanceType" {
		return nil
	}
	if reason := s.refuses(*p.value); reason != "" {
		return &Error{"InvalidParameterValue", fmt.Sprintf("Invalid value '%s' for %s. %s", *p.value, path, reason)}
	}
	return nil
}

func (m *Model) validateStructure(p *parameters, s shape, path string) *Error {
	if p.value != nil {
		return unknownParameter(path)
	}
	known := make(map[string]string, len(s.Members)) // wire name to shape
	for name, mb := range s.Members {
		known[mb.wireName(name)] = mb.Shape
	}
	for _, name := range slices.Sorted(maps.Keys(p.children)) {
		if known[name] == "" {
			return unknownParameter(join(path, name))
		}
		if err := m.validate(p.children[name], known[name], join(path, name)); err != nil {
			return err
		}
	}
	for _, name := range s.Required {
		if wire := s.Members[name].wireName(name); p.children[wire] == nil {
			return &Error{"MissingParameter", "The request must contain the parameter " + join(path, wire)}
		}
	}
	return nil
}

func (m *Model) validateList(p *parameters, s shape, path string) *Error {
	if p.value != nil {
		return unknownParameter(path)
	}
	for _, index := range slices.Sorted(maps.Keys(p.children)) {
		if n, err := strconv.Atoi(index); err != nil || n < 1 {
			return unknownParameter(join(path, index))
		}
		if err := m.validate(p.children[index], s.Member.Shape, join(path, index)); err != nil {
			return err
		}
	}
	return nil
}

// refuses says what is wrong with a scalar; empty when nothing is.
func (s shape) refuses(v string) string {
	switch s.Type {
	case "boolean":
		if v != "true" && v != "false" {
			return "Must be true or false"
		}
	case "integer", "long":
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "Must be an integer"
		}
		if (s.Min != nil && float64(n) < *s.Min) || (s.Max != nil && float64(n) > *s.Max) {
			return "Out of range"
		}
	case "double", "float":
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return "Must be a number"
		}
	case "timestamp":
		if _, err := time.Parse(time.RFC3339, v); err != nil {
			return "Must be a timestamp of ISO 8601"
		}
	case "blob":
		if _, err := base64.StdEncoding.DecodeString(v); err != nil {
			return "Must be base64"
		}
	case "string":
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return "Valid values: " + strings.Join(s.Enum, ", ")
		}
	}
	return ""
}

func unknownParameter(path string) *Error {
	return &Error{"UnknownParameter", "The parameter " + path + " is not recognized"}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
