// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// object is a JSON object.
type object = map[string]any

// undocumented are parameters that Google's own clients send though the
// documents do not name them.
var undocumented = []string{"returnPartialSuccess"}

// validateParameters checks the variables of the path and the query.
func (m *Method) validateParameters(variables map[string]string, query url.Values) *Error {
	for name, value := range variables {
		s := m.Parameters[name]
		if s != nil && s.Pattern != "" && value != "-" && !matches(s.Pattern, value) {
			return invalid("Invalid value for field '%s': '%s'. Must be a match of regex '%s'", name, value, s.Pattern)
		}
	}
	for name, values := range query {
		s := m.Parameters[name]
		if s == nil || s.Location != "query" {
			s = m.service.Parameters[name]
		}
		if s == nil && !slices.Contains(undocumented, name) {
			return invalid("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be found in request message.", name, name)
		}
		for _, value := range values {
			if s != nil && !scalarFits(s, value) {
				return invalid("Invalid value at '%s' (%s), %q", name, s.wants(), value)
			}
		}
	}
	for name, s := range m.Parameters {
		if s.Required && s.Location == "query" && query.Get(name) == "" {
			return &Error{400, "required", "Required parameter: " + name}
		}
	}
	return nil
}

// validateBody checks a request body against the method's schema.
func (m *Method) validateBody(body object) *Error {
	if m.Request == nil {
		return nil
	}
	return validation{m}.value(m.Request, body, "")
}

type validation struct{ method *Method }

func (v validation) value(s *Schema, value any, at string) *Error {
	if s.Ref != "" {
		s = v.method.service.Schemas[s.Ref]
	}
	switch x := value.(type) {
	case nil:
		return nil
	case map[string]any:
		if s.Type == "object" {
			return v.object(s, x, at)
		}
	case []any:
		if s.Type == "array" {
			return v.array(s, x, at)
		}
	default:
		if s.Type == "any" {
			return nil
		}
		return v.scalar(s, value, at)
	}
	if s.Type == "any" {
		return nil
	}
	return invalid("Invalid value at '%s' (%s)", at, s.wants())
}

func (v validation) object(s *Schema, value object, at string) *Error {
	for name, child := range value {
		schema := s.Properties[name]
		if schema == nil {
			schema = s.Additional
		}
		if schema == nil {
			return invalid("Invalid JSON payload received. Unknown name %q at '%s': Cannot find field.", name, at)
		}
		if err := v.value(schema, child, join(at, name)); err != nil {
			return err
		}
	}
	for name, schema := range s.Properties {
		if _, ok := value[name]; !ok && slices.Contains(schema.Annotations.Required, v.method.ID) {
			return &Error{400, "required", fmt.Sprintf("Required field 'resource.%s' not specified", join(at, name))}
		}
	}
	return nil
}

func (v validation) array(s *Schema, values []any, at string) *Error {
	for i, child := range values {
		if err := v.value(s.Items, child, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (v validation) scalar(s *Schema, value any, at string) *Error {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	_, isBool := value.(bool)
	switch s.Type {
	case "boolean":
		if !isBool {
			return invalid("Invalid value at '%s' (TYPE_BOOL), %v", at, value)
		}
		return nil
	case "string":
		if isNumber && strings.HasSuffix(s.Format, "int64") {
			text, isText = strconv.FormatFloat(number, 'f', -1, 64), true
		}
		if !isText {
			return invalid("Invalid value at '%s' (TYPE_STRING), %v", at, value)
		}
	case "integer", "number":
		if isNumber {
			if s.Type == "integer" && number != math.Trunc(number) {
				return invalid("Invalid value at '%s' (%s), %v", at, s.wants(), value)
			}
			return nil
		}
	}
	switch {
	case !isText || !scalarFits(s, text):
		return invalid("Invalid value at '%s' (%s), %v", at, s.wants(), value)
	case s.Pattern != "" && !matches(s.Pattern, text):
		return invalid("Invalid value for field 'resource.%s': '%s'. Must be a match of regex '%s'", at, text, s.Pattern)
	}
	return nil
}

// scalarFits says whether a text, of a query or a body, is a value of the schema.
func scalarFits(s *Schema, text string) bool {
	var err error
	switch {
	case len(s.Enum) > 0:
		return slices.Contains(s.Enum, text)
	case s.Type == "boolean":
		_, err = strconv.ParseBool(text)
	case s.Type == "integer" || strings.HasSuffix(s.Format, "int64"):
		if strings.HasPrefix(s.Format, "u") {
			_, err = strconv.ParseUint(text, 10, 64)
		} else {
			_, err = strconv.ParseInt(text, 10, 64)
		}
	case s.Type == "number":
		_, err = strconv.ParseFloat(text, 64)
	}
	return err == nil
}

func (s *Schema) wants() string {
	switch {
	case len(s.Enum) > 0:
		return "one of " + strings.Join(s.Enum, ", ")
	case s.Format != "":
		return "TYPE_" + strings.ToUpper(s.Format)
	}
	return "TYPE_" + strings.ToUpper(s.Type)
}

// patterns are compiled once: the documents name the same few over and over.
var patterns sync.Map

func matches(pattern, value string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile("^(?:"+strings.Trim(pattern, "^$")+")$"))
	}
	return compiled.(*regexp.Regexp).MatchString(value)
}

func join(at, name string) string { return strings.TrimPrefix(at+"."+name, ".") }
