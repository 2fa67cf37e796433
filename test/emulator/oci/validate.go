// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// object is a JSON object.
type object = map[string]any

// validate checks the query and the body of a request by the tags of the SDK's
// request struct, and returns the body.
func (o *operation) validate(r *http.Request, body []byte) (object, *Error) {
	request := reflect.New(o.request).Elem()
	if err := validateQuery(request, r.URL.Query()); err != nil {
		return nil, err
	}
	if token := r.Header.Get("Opc-Retry-Token"); len(token) > maxRetryToken {
		return nil, refuse("InvalidParameter", "opc-retry-token is longer than %d characters", maxRetryToken)
	}
	for field := range o.request.Fields() {
		if field.Tag.Get("contributesTo") == "body" {
			return validateBody(field, body)
		}
	}
	return nil, nil
}

func validateQuery(request reflect.Value, query url.Values) *Error {
	known := map[string]bool{}
	for field := range request.Type().Fields() {
		if field.Tag.Get("contributesTo") != "query" {
			continue
		}
		name := field.Tag.Get("name")
		known[name] = true
		values := query[name]
		if len(values) == 0 {
			if field.Tag.Get("mandatory") == "true" {
				return refuse("MissingParameter", "Missing required parameter: %s", name)
			}
			continue
		}
		if !setQuery(request.FieldByIndex(field.Index), values[0]) {
			return refuse("InvalidParameter", "Invalid %s: %s", name, values[0])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !known[name] {
			return refuse("InvalidParameter", "Unknown query parameter: %s", name)
		}
	}
	return checkEnums(request)
}

// setQuery puts a query parameter into its field, so that the SDK's own check of
// enums sees it. False: it does not parse.
func setQuery(field reflect.Value, text string) bool {
	t := field.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[common.SDKTime]():
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		_, err := strconv.Atoi(text)
		return err == nil
	case t.Kind() == reflect.Bool:
		_, err := strconv.ParseBool(text)
		return err == nil
	case field.Kind() == reflect.String:
		field.SetString(text)
	}
	return true
}

// checkEnums asks the SDK's struct whether its enums have known values.
func checkEnums(v reflect.Value) *Error {
	checker, ok := reflect.TypeAssert[interface{ ValidateEnumValue() (bool, error) }](v)
	if !ok {
		return nil
	}
	if _, err := checker.ValidateEnumValue(); err != nil {
		return refuse("InvalidParameter", "%v", err)
	}
	return nil
}

func validateBody(field reflect.StructField, body []byte) (object, *Error) {
	if len(body) == 0 {
		if field.Anonymous || field.Tag.Get("mandatory") == "true" {
			return nil, refuse("MissingParameter", "The request has no body")
		}
		return nil, nil
	}
	raw := object{}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, refuse("CannotParseRequest", "Incorrectly formatted request: %v", err)
	}
	if field.Type.Kind() == reflect.Interface {
		return nil, notEmulated("request bodies of the type %s", field.Type)
	}
	details := reflect.New(field.Type)
	if err := json.Unmarshal(body, details.Interface()); err != nil {
		return nil, refuse("CannotParseRequest", "Incorrectly formatted request: %v", err)
	}
	if err := validateValue(details.Elem(), raw, ""); err != nil {
		return nil, err
	}
	return raw, nil
}

// validateValue walks what the SDK has decoded beside the JSON it came from.
func validateValue(v reflect.Value, raw any, path string) *Error {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case v.Type() == reflect.TypeFor[common.SDKTime]():
	case v.Kind() == reflect.Struct:
		if fields, ok := raw.(object); ok {
			return validateStruct(v, fields, path)
		}
	case v.Kind() == reflect.Slice:
		items, _ := raw.([]any)
		for i := range min(v.Len(), len(items)) {
			if err := validateValue(v.Index(i), items[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func validateStruct(v reflect.Value, raw object, path string) *Error {
	if unicode.IsLower(rune(v.Type().Name()[0])) {
		// The SDK keeps the base type when it does not know the discriminator.
		return refuse("InvalidParameter", "Unknown kind of %s", path)
	}
	known := discriminators(v)
	for field := range v.Type().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		known[name] = true
		value, given := raw[name]
		if !given || value == nil {
			if field.Tag.Get("mandatory") == "true" {
				return refuse("MissingParameter", "Missing required field: %s", join(path, name))
			}
			continue
		}
		if err := validateValue(v.FieldByIndex(field.Index), value, join(path, name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if !known[name] {
			return refuse("InvalidParameter", "Unrecognized field: %s", join(path, name))
		}
	}
	return checkEnums(v)
}

// discriminators are the fields that a struct has on the wire and not in Go:
// marshalling a value of a polymorphic type adds them.
func discriminators(v reflect.Value) map[string]bool {
	known := map[string]bool{}
	if _, ok := reflect.TypeAssert[json.Marshaler](v); !ok {
		return known
	}
	wire := object{}
	if text, err := json.Marshal(v.Interface()); err == nil && json.Unmarshal(text, &wire) == nil {
		for name := range wire {
			known[name] = true
		}
	}
	return known
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
