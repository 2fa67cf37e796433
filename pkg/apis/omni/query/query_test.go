// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package query

import (
	"net/url"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	type options struct {
		Name string `json:"name,omitempty"`
		Size int64  `json:"size"`
	}
	for raw, want := range map[string]string{
		"":                         "",
		"name=a&size=-1":           "",
		"timeout=1s&pretty=0":      "",
		"includeObject=None":       "",
		"size=two":                 `size: "two" is not an integer`,
		"size=":                    `size: "" is not an integer`,
		"size=9223372036854775808": "size",
		"name=a&name=b":            "name is given 2 times",
		"Name=a":                   `unknown query parameter "Name": known are name, size`,
		"=a":                       `unknown query parameter ""`,
	} {
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		err = Check(values, &options{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
	if err := Check(url.Values{"a": {"b"}}, &struct{}{}); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("no parameters: %v", err)
	}
}
