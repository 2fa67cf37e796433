// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"math"
	"testing"
)

func TestLastLines(t *testing.T) {
	for _, test := range []struct {
		output string
		tail   int64
		want   string
	}{
		{"a\nb\nc\n", 0, "a\nb\nc\n"},
		{"a\nb\nc\n", 1, "c\n"},
		{"a\nb\nc", 2, "b\nc"},
		{"a\nb\n", 3, "a\nb\n"},
		{"a\nb\n", math.MaxInt64, "a\nb\n"},
		{"a\n\n", 1, "\n"},
		{"", 1, ""},
	} {
		if got := lastLines(test.output, test.tail); got != test.want {
			t.Errorf("the last %d lines of %q are %q, want %q", test.tail, test.output, got, test.want)
		}
	}
}
