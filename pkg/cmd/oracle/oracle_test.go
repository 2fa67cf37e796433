// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/pkg/cmd/oracle"
)

func TestKeys(t *testing.T) {
	secrets := fake.NewClientset().CoreV1().Secrets("team-a")
	keys := &oracle.Keys{Secrets: secrets, Name: "oci-phoenix-oci", Location: "oci-phoenix"}
	if key, err := keys.Load(t.Context()); key != nil || err != nil {
		t.Fatalf("Load of nothing = %+v, %v", key, err)
	}
	if err := keys.Delete(t.Context()); err != nil {
		t.Errorf("Delete of nothing: %v", err)
	}
	for _, want := range []oci.APIKey{{UserID: "u", Fingerprint: "f", PrivateKey: "k"}, {UserID: "u", Fingerprint: "g", PrivateKey: "l"}} {
		if err := keys.Store(t.Context(), &want); err != nil {
			t.Fatal(err)
		}
		if got, err := keys.Load(t.Context()); err != nil || *got != want {
			t.Errorf("Load = %+v, %v, want %+v", got, err, want)
		}
	}
	stored, err := secrets.Get(t.Context(), "oci-phoenix-oci", metav1.GetOptions{})
	if err != nil || stored.Labels[v1beta1.LabelEdgeLocationName] != "oci-phoenix" || string(stored.Data["privateKey"]) != "l" {
		t.Errorf("Secret: %v, %v", stored.Labels, err)
	}
	if err := keys.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if key, err := keys.Load(t.Context()); key != nil || err != nil {
		t.Errorf("Load after Delete = %+v, %v", key, err)
	}
}

// TestSecretOfOthers is neither read nor deleted.
func TestSecretOfOthers(t *testing.T) {
	theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys", Namespace: "team-a"}, Data: map[string][]byte{"user": []byte("u")}}
	secrets := fake.NewClientset(theirs).CoreV1().Secrets("team-a")
	keys := &oracle.Keys{Secrets: secrets, Name: "keys", Location: "oci-phoenix"}
	if _, err := keys.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "spec.credentials.secretRef") {
		t.Errorf("Load = %v, want the remedy", err)
	}
	if err := keys.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := secrets.Get(t.Context(), "keys", metav1.GetOptions{}); err != nil {
		t.Errorf("the Secret is gone: %v", err)
	}
}

func TestConfigFile(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	content := "[DEFAULT]\nuser=u\ntenancy=ocid1.tenancy.oc1..default\nfingerprint=f\nkey_file=k\nregion=r\n" +
		"[PROD]\nuser=u\ntenancy=ocid1.tenancy.oc1..prod\nfingerprint=f\nkey_file=k\nregion=r\n[HALF]\nuser=u\n"
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env           map[string]string
		flags         oracle.Flags
		tenancy, fail string
	}{
		"by flag":        {flags: oracle.Flags{ConfigFile: config}, tenancy: "default"},
		"by environment": {env: map[string]string{"OCI_CLI_CONFIG_FILE": config, "OCI_CLI_PROFILE": "PROD", "OCI_CLI_ENDPOINT": "http://127.0.0.1:1"}, tenancy: "prod"},
		"flag wins":      {env: map[string]string{"OCI_CLI_CONFIG_FILE": "/nowhere", "OCI_CLI_PROFILE": "NONE", "OCI_CLI_ENDPOINT": "x"}, flags: oracle.Flags{ConfigFile: config, Profile: "PROD", Endpoint: "http://127.0.0.1:1"}, tenancy: "prod"},
		"no file":        {fail: "oci setup config"},
		"no profile":     {flags: oracle.Flags{ConfigFile: config, Profile: "TEST"}, fail: "--oci-profile"},
		"half a profile": {flags: oracle.Flags{ConfigFile: config, Profile: "HALF"}, fail: "needs user, tenancy"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"OCI_CLI_CONFIG_FILE", "OCI_CONFIG_FILE", "OCI_CLI_PROFILE", "OCI_CLI_ENDPOINT"} {
				t.Setenv(variable, test.env[variable])
			}
			t.Setenv("HOME", dir)
			options, err := test.flags.Options(nil)
			if test.fail != "" {
				if err == nil || !strings.Contains(err.Error(), test.fail) {
					t.Errorf("err = %v, want %q", err, test.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := cmp.Or(test.flags.Endpoint, test.env["OCI_CLI_ENDPOINT"]); want == "" && options.Endpoint != nil || want != "" && options.Endpoint("r") != want {
				t.Errorf("the endpoint is not %q", want)
			}
			if tenancy, err := options.Signer.TenancyOCID(); err != nil || tenancy != "ocid1.tenancy.oc1.."+test.tenancy {
				t.Errorf("tenancy %s, %v", tenancy, err)
			}
		})
	}
}
