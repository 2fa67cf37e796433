// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/edgecluster"
)

var update = flag.Bool("update", false, "write the golden files")

func machine() edgecluster.Machine {
	return edgecluster.Machine{
		NodeName: "cast-0b1c2d3e-4f50-4161-8273-8495a6b7c8d9", ProviderID: "castai-omni://aws/us-west-2/0b1c2d3e-4f50-4161-8273-8495a6b7c8d9",
		Labels: map[string]string{"omni.cast.ai/edge-node": "true", "topology.kubernetes.io/region": "us-west-2"},
		Server: "https://edge.example.com:6443", CA: []byte("CA"), BootstrapToken: "abcdef.0123456789abcdef", Version: "v1.37.1",
	}
}

func TestUserDataGolden(t *testing.T) {
	got, err := edgecluster.UserData(machine())
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/userdata.yaml"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("user data differs from %s; if that is right: go test ./pkg/edgecluster -update\n%s", golden, got)
	}
}

// TestUserDataSchema asks cloud-init itself. It is a package of Debian and Ubuntu,
// which CI installs.
func TestUserDataSchema(t *testing.T) {
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed: apt-get install cloud-init")
	}
	check := func(data []byte) error {
		path := filepath.Join(t.TempDir(), "user-data")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", path).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	data, err := edgecluster.UserData(machine())
	if err != nil {
		t.Fatal(err)
	}
	if err := check(data); err != nil {
		t.Error(err)
	}
	if err := check(bytes.Replace(data, []byte("  path: "), []byte("  pth: "), 1)); err == nil {
		t.Error("cloud-init accepts a file without a path: the check is worth nothing")
	}
}

func TestUserDataRefuses(t *testing.T) {
	long := machine()
	long.Labels = map[string]string{"a": strings.Repeat("x", edgecluster.UserDataLimit)}
	bad := machine()
	bad.Version = "new"
	for name, m := range map[string]edgecluster.Machine{"too long": long, "no version": bad} {
		if _, err := edgecluster.UserData(m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestBootstrapToken(t *testing.T) {
	c := &edgecluster.Cluster{Client: fakeclient.NewClientBuilder().WithScheme(scheme.Scheme).Build()}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ensure := func(uid string, at time.Time) string {
		t.Helper()
		token, err := c.EnsureBootstrapToken(t.Context(), uid, at)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := ensure("uid-1", now)
	var secrets corev1.SecretList
	if err := c.Client.List(t.Context(), &secrets, client.InNamespace("kube-system")); err != nil || len(secrets.Items) != 1 {
		t.Fatalf("secrets = %v, %v", secrets.Items, err)
	}
	if again := ensure("uid-1", now.Add(10*time.Minute)); again != first {
		t.Errorf("a repeated launch gets another token: %q, then %q", first, again)
	}
	if late := ensure("uid-1", now.Add(2*time.Hour)); late == first {
		t.Error("an expired token is handed out again")
	}
	if other := ensure("uid-2", now); other == first {
		t.Error("two edges share a token")
	}
	if err := c.DeleteBootstrapToken(t.Context(), "uid-1"); err != nil {
		t.Error(err)
	}
	if err := c.DeleteBootstrapToken(t.Context(), "uid-1"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
}

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: edge
contexts: [{name: edge, context: {cluster: edge, user: admin}}]
clusters: [{name: edge, cluster: {server: "https://127.0.0.1:1", CLUSTER}}]
users: [{name: admin, user: {USER}}]
`

func TestConnectRefusesUnsafeKubeconfigs(t *testing.T) {
	const ca = `certificate-authority-data: "Q0E="`
	for name, tc := range map[string]struct{ cluster, user, want string }{
		"a program":      {ca, `exec: {apiVersion: client.authentication.k8s.io/v1, command: id}`, "runs a program"},
		"a token file":   {ca, `tokenFile: /etc/passwd`, "names files"},
		"a key file":     {ca, `client-certificate: /a, client-key: /b`, "names files"},
		"no TLS":         {`insecure-skip-tls-verify: true`, `token: t`, "insecure-skip-tls-verify"},
		"a CA file":      {`certificate-authority: /etc/ca.crt`, `token: t`, "certificate-authority-data"},
		"no CA":          {`proxy-url: ""`, `token: t`, "certificate-authority-data"},
		"not kubeconfig": {`}}}`, ``, "parse"},
	} {
		text := strings.NewReplacer("CLUSTER", tc.cluster, "USER", tc.user).Replace(kubeconfig)
		if _, err := edgecluster.Connect([]byte(text), scheme.Scheme); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: err = %v, want one that says %q", name, err, tc.want)
		}
	}
}
