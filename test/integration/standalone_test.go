// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/cmd/apiserver/app"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
	"github.com/castai/omni/pkg/apiserver/standalone"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/version"
)

// startStandalone runs what `omni-apiserver --standalone` runs until it says that
// it is ready, and returns how to stop it.
func startStandalone(t *testing.T, dir string) (stop func()) {
	t.Helper()
	o := options.NewOptions()
	o.Standalone, o.DataDir = true, dir
	var err error
	if o.Recommended.SecureServing.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := o.Complete(); err != nil {
		t.Fatal(err)
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	said, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := app.Run(ctx, o, out)
		out.CloseWithError(io.ErrUnexpectedEOF)
		done <- err
	}()
	welcome := make([]byte, 4096)
	n, err := said.Read(welcome)
	if err != nil {
		t.Fatalf("the server ended before it was ready: %v", <-done)
	}
	if text := string(welcome[:n]); !strings.Contains(text, "is ready") || !strings.Contains(text, standalone.Kubeconfig(dir, "team-a")) {
		t.Errorf("%q does not say how to use the server", text)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func standaloneClient(t *testing.T, dir, user string) versioned.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", standalone.Kubeconfig(dir, user))
	if err != nil {
		t.Fatal(err)
	}
	return versioned.NewForConfigOrDie(config)
}

func TestStandalone(t *testing.T) {
	dir, ctx := etcdtest.DataDir(t), context.Background()
	stop := startStandalone(t, dir)

	// No namespace exists, and none is needed.
	for _, user := range []string{"team-a", "team-b"} {
		location := newLocation("oregon")
		location.Namespace = user
		if _, err := standaloneClient(t, dir, user).OmniV1beta1().EdgeLocations(user).Create(ctx, location, metav1.CreateOptions{}); err != nil {
			t.Fatalf("%s cannot create in its namespace: %v", user, err)
		}
	}
	for _, test := range []struct {
		user, namespace string
		allowed         bool
	}{
		{"admin", "", true}, {"admin", "team-a", true}, {"admin", "team-b", true}, {"admin", "team-c", true},
		{"team-a", "", false}, {"team-a", "team-a", true}, {"team-a", "team-b", false}, {"team-a", "team-c", false},
		{"team-b", "", false}, {"team-b", "team-a", false}, {"team-b", "team-b", true}, {"team-b", "team-c", false},
	} {
		locations := standaloneClient(t, dir, test.user).OmniV1beta1().EdgeLocations(test.namespace)
		list, err := locations.List(ctx, metav1.ListOptions{})
		if test.allowed && err != nil || !test.allowed && !apierrors.IsForbidden(err) {
			t.Errorf("%s lists in %q: %v, want allowed: %v", test.user, test.namespace, err, test.allowed)
		}
		if test.user == "admin" && test.namespace == "" && len(list.Items) != 2 {
			t.Errorf("admin sees %d locations of all teams, want 2", len(list.Items))
		}
		if test.namespace == "" {
			continue
		}
		path := "/apis/omni.cast.ai/v1beta1/namespaces/" + test.namespace + "/edgelocations/oregon/onboard-script"
		err = standaloneClient(t, dir, test.user).OmniV1beta1().RESTClient().Post().AbsPath(path).Body(&v1beta1.OnboardScriptRequest{}).Do(ctx).Error()
		// There is no location in team-c.
		if test.allowed && err != nil && !apierrors.IsNotFound(err) || !test.allowed && !apierrors.IsForbidden(err) {
			t.Errorf("%s mints in %q: %v, want allowed: %v", test.user, test.namespace, err, test.allowed)
		}
	}
	testStandaloneToken(t, dir)
	testVersion(t, dir)

	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Type() != fs.ModeSocket && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	stop()
	testStandaloneAgain(t, dir)
}

// testStandaloneToken registers a location as the script of somebody without an
// account does: it knows the URL, the authority and the token.
func testStandaloneToken(t *testing.T, dir string) {
	ctx := context.Background()
	config, err := clientcmd.BuildConfigFromFlags("", standalone.Kubeconfig(dir, "team-a"))
	if err != nil {
		t.Fatal(err)
	}
	const location = "/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/oregon"
	minted := &v1beta1.OnboardScriptRequest{}
	owner := versioned.NewForConfigOrDie(config).OmniV1beta1().RESTClient()
	if err := owner.Post().AbsPath(location, "onboard-script").Body(&v1beta1.OnboardScriptRequest{}).Do(ctx).Into(minted); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{config.Host + location + "/onboarding", base64.StdEncoding.EncodeToString(config.CAData)} {
		if !strings.Contains(minted.Status.Script, want) {
			t.Errorf("the script does not have %s", want)
		}
	}
	stranger := versioned.NewForConfigOrDie(restclient.AnonymousClientConfig(config)).OmniV1beta1().RESTClient()
	registration := &v1beta1.Onboarding{Spec: v1beta1.OnboardingSpec{Token: minted.Status.Token, AWS: newAWS()}}
	if err := stranger.Post().AbsPath(location, "onboarding").Body(registration).Do(ctx).Error(); err != nil {
		t.Errorf("register with the token: %v", err)
	}
	if err := stranger.Get().AbsPath(location).Do(ctx).Error(); !apierrors.IsForbidden(err) {
		t.Errorf("a stranger reads the location: %v, want forbidden", err)
	}
}

// testVersion: everything that shows a version shows OMNI's.
func testVersion(t *testing.T, dir string) {
	ctx := context.Background()
	admin := standaloneClient(t, dir, "admin")
	info, err := admin.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if want := version.Get(); info.GitVersion != want.GitVersion || info.Major != want.Major || info.Minor != want.Minor || info.EmulationMinor != want.Minor {
		t.Errorf("/version says %+v, want %+v", info, want)
	}
	for path, want := range map[string]string{
		"/openapi/v2": `"version":"` + version.Get().GitVersion + `"`,
		"/metrics":    `omni_build_info{commit="` + version.Get().GitCommit + `",go_version="` + version.Get().GoVersion + `",version="` + version.Get().GitVersion + `"} 1`,
	} {
		answer, err := admin.Discovery().RESTClient().Get().AbsPath(path).SetHeader("Accept", "application/json, */*").Do(ctx).Raw()
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %v, does not have %s", path, err, want)
		}
	}
	if err := standaloneClient(t, dir, "team-a").Discovery().RESTClient().Get().AbsPath("/metrics").Do(ctx).Error(); !apierrors.IsForbidden(err) {
		t.Errorf("a team reads the metrics: %v, want forbidden", err)
	}
}

// testStandaloneAgain starts on a directory that is there: kubeconfigs that were
// copied away go on working, and rbac.yaml says who may do what.
func testStandaloneAgain(t *testing.T, dir string) {
	ctx := context.Background()
	before, err := clientcmd.BuildConfigFromFlags("", standalone.Kubeconfig(dir, "team-b"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "rbac.yaml")
	bindings, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bindings = append(bindings, `
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: guests, namespace: team-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: omni-viewer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: team-b}]
`...)
	if err := os.WriteFile(file, bindings, 0o600); err != nil {
		t.Fatal(err)
	}
	startStandalone(t, dir)
	now, err := clientcmd.BuildConfigFromFlags("", standalone.Kubeconfig(dir, "team-b"))
	if err != nil {
		t.Fatal(err)
	}
	before.Host = now.Host // the port of a test is new
	locations := versioned.NewForConfigOrDie(before).OmniV1beta1().EdgeLocations("team-a")
	if list, err := locations.List(ctx, metav1.ListOptions{}); err != nil || len(list.Items) != 1 {
		t.Errorf("team-b as a guest of team-a, with the certificate of the first start: %v", err)
	}
	if err := locations.Delete(ctx, "oregon", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a guest deletes: %v, want forbidden", err)
	}
}
