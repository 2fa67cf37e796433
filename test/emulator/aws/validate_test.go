// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"net/url"
	"testing"
)

// TestValidate runs on a small model, so that each rule is seen alone. The SDK
// cannot send most of these.
func TestValidate(t *testing.T) {
	one, five := 1.0, 5.0
	m := &Model{
		Operations: map[string]operation{"Launch": {Input: &member{Shape: "In"}}, "Ping": {}},
		Shapes: map[string]shape{
			"In": {Type: "structure", Required: []string{"Count"}, Members: map[string]member{
				"Count":  {Shape: "Count"},
				"DryRun": {Shape: "Bool", LocationName: "dryRun"},
				"Tags":   {Shape: "Tags", LocationName: "Tag"},
				"Color":  {Shape: "Color", LocationName: "wrong", QueryName: "Colour"},
				"Since":  {Shape: "Time"}, "Ratio": {Shape: "Ratio"}, "Data": {Shape: "Data"},
			}},
			"Count": {Type: "integer", Min: &one, Max: &five},
			"Bool":  {Type: "boolean"},
			"Tags":  {Type: "list", Member: &member{Shape: "Tag"}},
			"Tag":   {Type: "structure", Required: []string{"Key"}, Members: map[string]member{"Key": {Shape: "Text"}, "Value": {Shape: "Text"}}},
			"Text":  {Type: "string"},
			"Color": {Type: "string", Enum: []string{"red", "blue"}},
			"Time":  {Type: "timestamp"}, "Ratio": {Type: "double"}, "Data": {Type: "blob"},
		},
	}
	for _, tc := range []struct{ action, query, code string }{
		{"Launch", "Count=1&DryRun=true&Tag.1.Key=a&Tag.1.Value=b&Tag.2.Key=c&Colour=red&Since=2026-01-02T03:04:05Z&Ratio=1.5&Data=aGk=", ""},
		{"Ping", "", ""},
		{"Ping", "Count=1", "UnknownParameter"},
		{"Fly", "", "InvalidAction"},
		{"Launch", "", "MissingParameter"},
		{"Launch", "Count=one", "InvalidParameterValue"},
		{"Launch", "Count=0", "InvalidParameterValue"},
		{"Launch", "Count=6", "InvalidParameterValue"},
		{"Launch", "Count=1&Count=2", "MalformedQueryString"},
		{"Launch", "Count.1=1", "UnknownParameter"},
		{"Launch", "Count=1&Color=red", "UnknownParameter"},
		{"Launch", "Count=1&Colour=green", "InvalidParameterValue"},
		{"Launch", "Count=1&dryRun=true", "UnknownParameter"},
		{"Launch", "Count=1&DryRun=yes", "InvalidParameterValue"},
		{"Launch", "Count=1&Tag=a", "UnknownParameter"},
		{"Launch", "Count=1&Tag.0.Key=a", "UnknownParameter"},
		{"Launch", "Count=1&Tag.x.Key=a", "UnknownParameter"},
		{"Launch", "Count=1&Tag.1=a", "UnknownParameter"},
		{"Launch", "Count=1&Tag.1.Value=b", "MissingParameter"},
		{"Launch", "Count=1&Since=yesterday", "InvalidParameterValue"},
		{"Launch", "Count=1&Ratio=half", "InvalidParameterValue"},
		{"Launch", "Count=1&Data=%25", "InvalidParameterValue"},
	} {
		values, err := url.ParseQuery(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		values.Set("Action", tc.action)
		values.Set("Version", "2016-11-15")
		got := ""
		if err := m.Validate(tc.action, values); err != nil {
			got = err.Code
		}
		if got != tc.code {
			t.Errorf("%s?%s: got %q, want %q", tc.action, tc.query, got, tc.code)
		}
	}
}
