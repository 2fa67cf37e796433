// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// verdict stands in for the test that asks: it keeps how that ended.
type verdict struct {
	testing.TB
	end string
}

func (v *verdict) Helper() {}
func (v *verdict) Skipf(format string, args ...any) {
	v.end = "skip: " + fmt.Sprintf(format, args...)
	panic(v)
}

func (v *verdict) Fatalf(format string, args ...any) {
	v.end = "fail: " + fmt.Sprintf(format, args...)
	panic(v)
}

func TestPath(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	present := filepath.Join(bin, "present")
	if err := os.WriteFile(present, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		program, goWithout string
		want               []string
	}{
		"there":                              {"present", "", []string{present}},
		"there, and could be absent":         {"present", "1", []string{present}},
		"absent":                             {"absent", "", []string{"fail: ", "absent", ".ci/run", "OMNI_LOCAL_TESTS=1"}},
		"may be absent":                      {"absent", "1", []string{"skip: ", "absent", "OMNI_LOCAL_TESTS"}},
		"cannot be installed":                {"gcloud", "", []string{"skip: ", "gcloud", "registry", "https://"}},
		"cannot be installed, may be absent": {"gcloud", "1", []string{"skip: ", "gcloud", "registry", "https://"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(goWithout, test.goWithout)
			got := ask(t, test.program)
			for i, want := range test.want {
				if i == 0 && !strings.HasPrefix(got, want) || !strings.Contains(got, want) {
					t.Errorf("%q, want %q in it", got, want)
				}
			}
		})
	}
}

// ask returns the path, or how the test that asked for it ended.
func ask(t *testing.T, program string) (answer string) {
	v := &verdict{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(v) {
			panic(r)
		}
		if v.end != "" {
			answer = v.end
		}
	}()
	return Path(v, program)
}
