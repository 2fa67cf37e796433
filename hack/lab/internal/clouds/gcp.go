// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package clouds

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

// gcpProject is the one that exists in the lab's Google Cloud.
const gcpProject = "omni-lab"

// gcpEmulator reads Google's own description of its APIs, which is in a module that
// the checkout requires.
func gcpEmulator(ctx context.Context, lab layout.Lab) ([]process.Spec, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api")
	list.Dir = lab.Root
	directory, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("find Google's description of its APIs (go list -m google.golang.org/api): %w", err)
	}
	if err := os.MkdirAll(gcloudConfig(lab), 0o700); err != nil {
		return nil, err
	}
	// Any token that the emulator has not issued is the project owner's.
	if err := os.WriteFile(gcloudToken(lab), []byte("owner-of-"+gcpProject), 0o600); err != nil {
		return nil, err
	}
	return []process.Spec{emulator(lab, "gcp-emulator", layout.GCPEmulator,
		"--project="+gcpProject, "--api-dir="+strings.TrimSpace(string(directory)))}, nil
}

func gcpMachines(lab layout.Lab) []string {
	return []string{"--gcp-endpoint=" + url(lab, layout.GCPEmulator), "--gcp-project=" + gcpProject}
}

func gcloudConfig(lab layout.Lab) string { return lab.Path("gcloud") }

func gcloudToken(lab layout.Lab) string { return lab.Path("gcloud", "token") }

// gcpClient keeps gcloud away from the caller's own configuration and from Google.
func gcpClient(lab layout.Lab) [][2]string {
	endpoint := url(lab, layout.GCPEmulator) + "/"
	env := [][2]string{
		{"CLOUDSDK_CONFIG", gcloudConfig(lab)},
		{"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", gcloudToken(lab)},
		{"CLOUDSDK_CORE_PROJECT", gcpProject},
		{"CLOUDSDK_CORE_DISABLE_PROMPTS", "1"},
		{"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true"},
		{"CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "true"},
		{"CLOUDSDK_SURVEY_DISABLE_PROMPTS", "true"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", endpoint + "compute/v1/"},
	}
	for _, service := range []string{"CLOUDRESOURCEMANAGER", "IAM", "IAMCREDENTIALS", "SERVICEUSAGE"} {
		env = append(env, [2]string{"CLOUDSDK_API_ENDPOINT_OVERRIDES_" + service, endpoint})
	}
	return env
}
