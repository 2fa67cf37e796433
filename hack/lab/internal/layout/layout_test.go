// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrepareKeepsThePorts(t *testing.T) {
	dir := t.TempDir()
	prepare := func(base int) (int, error) {
		lab := Lab{Dir: dir}
		err := lab.Prepare(base)
		return lab.PortBase, err
	}
	if base, err := prepare(27000); err != nil || base != 27000 {
		t.Fatalf("first: %d, %v", base, err)
	}
	if base, err := prepare(0); err != nil || base != 27000 {
		t.Errorf("without the flag: %d, %v; want those of before", base, err)
	}
	if _, err := prepare(28000); err == nil || !strings.Contains(err.Error(), "lab down") {
		t.Errorf("other ports: %v; want the remedy", err)
	}
	lab := Lab{Dir: t.TempDir()}
	if err := lab.Prepare(0); err != nil || lab.PortBase != DefaultPortBase {
		t.Errorf("default: %d, %v", lab.PortBase, err)
	}
}

func TestFindLooksUpwards(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(root, "hack", "lab")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, name := range map[string]string{root: module, inner: module + "/hack/lab"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(inner)
	lab, err := Find("")
	if err != nil || lab.Root != root || lab.Dir != filepath.Join(root, ".lab") {
		t.Errorf("got %+v, %v", lab, err)
	}
	t.Chdir(t.TempDir())
	if _, err := Find(""); err == nil {
		t.Error("found a checkout where there is none")
	}
}
