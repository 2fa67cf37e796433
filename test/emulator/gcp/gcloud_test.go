// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
	"github.com/castai/omni/test/tool"
)

// gcloud runs Google's own command line, a client that shares no code with us, and
// returns what it prints.
func gcloud(t *testing.T, url, config string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "gcloud", args...)
	cmd.Env = append(os.Environ(),
		"CLOUDSDK_CONFIG="+config, "CLOUDSDK_CORE_PROJECT="+gcptest.Project, "CLOUDSDK_CORE_DISABLE_PROMPTS=1",
		"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true",
		"CLOUDSDK_SURVEY_DISABLE_PROMPTS=true", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="+filepath.Join(config, "token"),
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE="+url+"/compute/v1/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM="+url+"/",
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("gcloud %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestGcloud(t *testing.T) {
	tool.Path(t, "gcloud")
	url := gcptest.Start(t)
	gcptest.Network(t, url)
	config := t.TempDir()
	if err := os.WriteFile(filepath.Join(config, "token"), []byte(gcptest.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	gcloud(t, url, config, "iam", "service-accounts", "create", "omni-edges")
	gcloud(t, url, config, "compute", "instances", "create", "m1", "--zone="+gcptest.Zone, "--machine-type=e2-standard-2",
		"--subnet=edges", "--no-address", "--image-family=ubuntu-2404-lts-amd64", "--image-project=ubuntu-os-cloud",
		"--labels=omni-edge-id=u1", "--provisioning-model=SPOT", "--instance-termination-action=DELETE")
	if out := gcloud(t, url, config, "compute", "instances", "list", "--filter=labels.omni-edge-id=u1", "--format=value(name,status)"); !strings.Contains(out, "m1\tRUNNING") {
		t.Errorf("list: %s", out)
	}
	gcloud(t, url, config, "compute", "instances", "delete", "m1", "--zone="+gcptest.Zone)
	if out := gcloud(t, url, config, "compute", "instances", "list", "--format=value(name)"); strings.Contains(out, "m1") {
		t.Errorf("list after the deletion: %s", out)
	}
}
