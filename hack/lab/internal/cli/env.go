// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/castai/omni/hack/lab/internal/clouds"
	"github.com/castai/omni/hack/lab/internal/layout"
)

// writeEnv writes what a shell sources to work with the lab.
func writeEnv(lab layout.Lab, kubernetesBin string) error {
	var text strings.Builder
	for _, v := range append([][2]string{{"KUBECONFIG", lab.AdminKubeconfig()}}, clouds.Client(lab)...) {
		fmt.Fprintf(&text, "export %s=%s\n", v[0], quote(v[1]))
	}
	if kubernetesBin != "" {
		fmt.Fprintf(&text, "export PATH=%s:\"$PATH\"\n", quote(kubernetesBin+":"+lab.Path("bin"))) // kubectl, and its plugin
	}
	return os.WriteFile(lab.Path("env"), []byte(text.String()), 0o600)
}

// quote makes one word of any text for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
