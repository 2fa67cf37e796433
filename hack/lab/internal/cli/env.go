// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/castai/omni/hack/lab/internal/aws"
	"github.com/castai/omni/hack/lab/internal/layout"
)

// writeEnv writes what a shell sources to work with the lab.
func writeEnv(lab layout.Lab, kubernetesBin string) error {
	var text strings.Builder
	for _, v := range [][2]string{
		{"KUBECONFIG", lab.AdminKubeconfig()},
		{"AWS_ENDPOINT_URL", aws.Endpoint(lab)},
		{"AWS_ACCESS_KEY_ID", aws.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", aws.SecretAccessKey},
		{"AWS_DEFAULT_REGION", aws.Region},
	} {
		fmt.Fprintf(&text, "export %s=%s\n", v[0], quote(v[1]))
	}
	if kubernetesBin != "" {
		fmt.Fprintf(&text, "export PATH=%s:\"$PATH\"\n", quote(kubernetesBin))
	}
	return os.WriteFile(lab.Path("env"), []byte(text.String()), 0o600)
}

// quote makes one word of any text for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
