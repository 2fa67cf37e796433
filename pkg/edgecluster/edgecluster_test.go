// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/edgecluster"
)

func TestBootstrapToken(t *testing.T) {
	c := &edgecluster.Cluster{Client: fakeclient.NewClientBuilder().WithScheme(scheme.Scheme).Build()}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ensure := func(uid string, at time.Time) string {
		t.Helper()
		token, err := c.EnsureBootstrapToken(t.Context(), uid, at)
		if err != nil {
			t.Fatal(err)
		}
		return token.Value
	}
	first := ensure("uid-1", now)
	var secrets corev1.SecretList
	if err := c.Client.List(t.Context(), &secrets, client.InNamespace("kube-system")); err != nil || len(secrets.Items) != 1 {
		t.Fatalf("secrets = %v, %v", secrets.Items, err)
	}
	if again := ensure("uid-1", now.Add(10*time.Minute)); again != first {
		t.Errorf("a repeated launch gets another token: %q, then %q", first, again)
	}
	if token, err := c.EnsureBootstrapToken(t.Context(), "uid-1", now); err != nil || !token.ExpirationTime.Equal(now.Add(time.Hour)) {
		t.Errorf("the token lives until %s, %v", token.ExpirationTime, err)
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
