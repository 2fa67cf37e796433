// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/castai/omni/hack/lab/internal/layout"
)

func TestSelection(t *testing.T) {
	tests := []struct {
		names    []string
		programs int
		errorHas string
	}{
		{names: all(), programs: 7},
		{names: []string{mainAPI, kubernetes}},
		{names: []string{mainAPI, omniAPI}, programs: 2},
		{names: []string{cloud}, programs: 4},
		{names: []string{mainAPI, kubernetes, liqo, cloud}, programs: 4},
		{names: []string{liqo}, errorHas: "needs [kubernetes]"},
		{names: []string{mainAPI, kubernetes, omni}, errorHas: "needs [clouds liqo omni-apiserver]"},
		{names: []string{"k8s"}, errorHas: "unknown [k8s]"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.names, ","), func(t *testing.T) {
			s, err := newSelection(test.names)
			if test.errorHas != "" {
				if err == nil || !strings.Contains(err.Error(), test.errorHas) {
					t.Errorf("error %v, want %q", err, test.errorHas)
				}
				return
			}
			if err != nil || len(s.programs()) != test.programs {
				t.Errorf("%d programs, %v; want %d", len(s.programs()), err, test.programs)
			}
		})
	}
}

func TestEnvIsReadByAShell(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `it's a "lab" $HOME`)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lab := layout.Lab{Dir: dir, PortBase: 26000}
	if err := writeEnv(lab, filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", `. "$1" && printf '%s\n%s\n%s' "$KUBECONFIG" "$AWS_ENDPOINT_URL" "${PATH%%:*}"`, "sh", lab.Path("env")).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := lab.AdminKubeconfig() + "\nhttp://127.0.0.1:26047\n" + filepath.Join(dir, "bin")
	if string(out) != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestDeleteDataSparesWhatIsNotOurs(t *testing.T) {
	lab := layout.Lab{Dir: t.TempDir()}
	if err := lab.Prepare(0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin.kubeconfig", "notes.txt", "env"} {
		if err := os.WriteFile(lab.Path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := deleteData(lab); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(lab.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got := strings.Join(left, " "); got != "bin notes.txt" {
		t.Errorf("left: %s", got)
	}
}
