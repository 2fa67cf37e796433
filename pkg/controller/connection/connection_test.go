// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/onboard"
)

const kubeconfigText = `{"apiVersion":"v1","kind":"Config","current-context":"e",
"contexts":[{"name":"e","context":{"cluster":"e","user":"u"}}],
"clusters":[{"name":"e","cluster":{"server":"https://127.0.0.1:1","certificate-authority-data":"CA"}}],
"users":[{"name":"u","user":{"token":"t"}}]}`

// kubeconfig returns a kubeconfig of a cluster at an address.
func kubeconfig(t *testing.T, address string) string {
	t.Helper()
	ca, _, err := cert.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("127.0.0.1:1", address, `"CA"`, strconv.Quote(base64.StdEncoding.EncodeToString(ca))).Replace(kubeconfigText)
}

func location() *v1beta1.EdgeLocation {
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon", UID: "1", Generation: 1},
		Spec: v1beta1.EdgeLocationSpec{
			Provider: v1beta1.ProviderAWS, Region: "us-west-2", AWS: &v1beta1.AWSLocation{AccountID: "123456789012"},
			Credentials: &v1beta1.Credentials{SecretRef: &v1beta1.LocalSecretReference{Name: "keys"}},
			ControlPlane: v1beta1.EdgeControlPlane{External: &v1beta1.ExternalControlPlane{
				KubeconfigSecretRef: v1beta1.LocalSecretReference{Name: "kubeconfig"},
			}},
		},
	}
}

func secret(name string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	return s
}

func direct(objects ...client.Object) *connection.Direct {
	return &connection.Direct{Main: fakeclient.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(objects...).Build(), ClusterID: "main"}
}

// An error names the field and the Secret, and never what is in it.
func TestSecretErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		objects []client.Object
		want    string
	}{
		"no kubeconfig Secret": {nil, "spec.controlPlane.external.kubeconfigSecretRef: Secret team-a/kubeconfig does not exist"},
		"no kubeconfig key":    {[]client.Object{secret("kubeconfig", nil)}, "has no usable key"},
		"not a kubeconfig":     {[]client.Object{secret("kubeconfig", map[string]string{"kubeconfig": "s3cr3t"})}, "has no usable key"},
	} {
		_, err := direct(tc.objects...).EdgeCluster(t.Context(), location())
		if _, ok := errors.AsType[*connection.SecretError](err); !ok || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	_, err := direct(secret("keys", map[string]string{"aws_access_key_id": "s3cr3t"})).Provider(t.Context(), location())
	if err == nil || !strings.Contains(err.Error(), "aws_secret_access_key") || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("half a key: err = %v", err)
	}
	bare := location()
	bare.Spec.AWS = nil
	if _, err := direct().Provider(t.Context(), bare); cloud.ClassOf(err) != cloud.ClassConfig {
		t.Errorf("no spec.aws: err = %v", err)
	}
	bare.Spec.Provider, bare.Spec.Credentials = v1beta1.ProviderCustom, nil
	if _, err := direct().Provider(t.Context(), bare); cloud.ClassOf(err) != cloud.ClassConfig || !strings.Contains(err.Error(), "Custom") {
		t.Errorf("no cloud: err = %v", err)
	}
}

// sts answers GetCallerIdentity as an account.
func sts(t *testing.T, account string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", account)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
}

// In another account every machine would look as if it were gone.
func TestAnotherAccountGivesNoProvider(t *testing.T) {
	sts(t, "210987654321")
	d := direct(secret("keys", map[string]string{"aws_access_key_id": "a", "aws_secret_access_key": "b"}))
	if p, err := d.Provider(t.Context(), location()); p != nil || cloud.ClassOf(err) != cloud.ClassAuth {
		t.Errorf("provider %v, err = %v", p, err)
	}
}

// All roles trust the same ServiceAccount, so a location may use its own only.
func TestAnotherLocationsRoleIsRefused(t *testing.T) {
	l := location()
	l.Spec.Credentials = nil
	l.Spec.AWS.RoleARN = "arn:aws:iam::123456789012:role/" + onboard.RoleName("main", "team-b", "oregon")
	if _, err := direct().Provider(t.Context(), l); cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), onboard.RoleName("main", "team-a", "oregon")) {
		t.Errorf("err = %v", err)
	}
}

// Secrets are held while a location needs them, and let go when it does not.
func TestHold(t *testing.T) {
	d := direct(secret("keys", nil), secret("kubeconfig", nil))
	finalizers := func(name string) int {
		t.Helper()
		var s corev1.Secret
		if err := d.Main.Get(t.Context(), client.ObjectKey{Namespace: "team-a", Name: name}, &s); err != nil {
			t.Fatal(err)
		}
		return len(s.Finalizers)
	}
	l := location()
	for range 2 {
		if err := d.Hold(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if finalizers("keys") != 1 || finalizers("kubeconfig") != 1 || len(l.Status.Secrets) != 2 {
		t.Errorf("held: keys %d, kubeconfig %d, status %v", finalizers("keys"), finalizers("kubeconfig"), l.Status.Secrets)
	}
	l.Spec.Credentials = nil
	if err := d.Hold(t.Context(), l); err != nil || finalizers("keys") != 0 || finalizers("kubeconfig") != 1 {
		t.Errorf("a Secret that is not used any more: keys %d, kubeconfig %d, %v", finalizers("keys"), finalizers("kubeconfig"), err)
	}
	if err := d.Release(t.Context(), l); err != nil || finalizers("kubeconfig") != 0 {
		t.Errorf("released: kubeconfig %d, %v", finalizers("kubeconfig"), err)
	}
}

// What is made is kept until what it is made of changes.
func TestReuse(t *testing.T) {
	sts(t, "123456789012")
	d := direct(
		secret("keys", map[string]string{"aws_access_key_id": "a", "aws_secret_access_key": "b"}),
		secret("kubeconfig", map[string]string{"kubeconfig": kubeconfig(t, "127.0.0.1:1")}),
	)
	provider := func(l *v1beta1.EdgeLocation) cloud.Provider {
		t.Helper()
		p, err := d.Provider(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := provider(location())
	if provider(location()) != first {
		t.Error("the same location got another provider")
	}
	changed := location()
	changed.Generation = 2
	if provider(changed) == first {
		t.Error("a changed location kept its provider")
	}
	one, err := d.EdgeCluster(t.Context(), location())
	if err != nil {
		t.Fatal(err)
	}
	if two, err := d.EdgeCluster(t.Context(), location()); err != nil || two != one {
		t.Errorf("the same Secret got another cluster: %v", err)
	}
	var s corev1.Secret
	if err := d.Main.Get(t.Context(), client.ObjectKey{Namespace: "team-a", Name: "kubeconfig"}, &s); err != nil {
		t.Fatal(err)
	}
	s.Data["kubeconfig"] = []byte(kubeconfig(t, "127.0.0.1:2"))
	if err := d.Main.Update(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	if three, err := d.EdgeCluster(t.Context(), location()); err != nil || three.Server != "https://127.0.0.1:2" {
		t.Errorf("a changed Secret kept its cluster: %v", err)
	}
}
