// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package integration tests the real server on its embedded etcd, over HTTPS.
// Only who the callers are and what they may do is decided by the test.
package integration

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	restclient "k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/apiserver/options"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

const namespace = "team-a"

// start of the injected clock; whole seconds, as the API keeps time.
var start = time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)

// testServer is a running server.
type testServer struct {
	t     *testing.T
	admin *restclient.Config
	clock *testingclock.FakePassiveClock
	stop  func()
}

func newServer(t *testing.T, tune ...func(*options.Options)) *testServer {
	t.Helper()
	return newServerOn(t, etcdtest.DataDir(t), tune...)
}

// newServerOn starts a server on the directory; tune may change its options.
func newServerOn(t *testing.T, dir string, tune ...func(*options.Options)) *testServer {
	t.Helper()
	member := startMember(t, dir)
	o := newOptions()
	o.DataDir = dir
	for _, change := range tune {
		change(o)
	}
	return serve(t, o, member.Close)
}

func startMember(t *testing.T, dir string) *etcd.Server {
	t.Helper()
	member, err := etcd.Start(dir, etcd.DefaultQuotaBytes)
	if err != nil {
		t.Fatal(err)
	}
	return member
}

// newOptions are those of a server without a main cluster to delegate to; they
// lack a storage.
func newOptions() *options.Options {
	o := options.NewOptions()
	o.ClusterID = "test"
	o.PublicURL, o.ServiceAccountIssuer = "https://main.example.com:6443", "https://issuer.example.com"
	o.Recommended.Authentication, o.Recommended.Authorization = nil, nil
	o.Recommended.CoreAPI, o.Recommended.Admission = nil, nil
	o.Recommended.Features.EnablePriorityAndFairness = false
	return o
}

// serve runs a server on the storage of the options until the test ends, and then
// calls stopped.
func serve(t *testing.T, o *options.Options, stopped func()) *testServer {
	t.Helper()
	var err error
	if o.Recommended.SecureServing.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	config, err := o.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	clock := testingclock.NewFakePassiveClock(start)
	config.Onboard.Clock = clock
	// The loopback client of the server keeps its own token.
	config.Generic.Authentication.Authenticator = union.New(
		bearertoken.New(authenticator.TokenFunc(authenticate)), anonymous.NewAuthenticator(nil))
	config.Generic.Authorization.Authorizer = authorizer.AuthorizerFunc(policy.Authorize)
	server, err := config.New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.PrepareRun().RunWithContext(ctx) }()
	s := &testServer{t: t, admin: server.LoopbackClientConfig, clock: clock}
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
		stopped()
	})
	t.Cleanup(s.stop)
	s.waitReady()
	return s
}

// waitReady returns when the server has run its start hooks; the listener is
// open before.
func (s *testServer) waitReady() {
	s.t.Helper()
	ready := func(context.Context) (bool, error) {
		answer, err := s.try("", http.MethodGet, "/readyz", nil, nil)
		return err == nil && answer.code == http.StatusOK, nil
	}
	if err := wait.PollUntilContextTimeout(context.Background(), 20*time.Millisecond, time.Minute, true, ready); err != nil {
		s.t.Fatalf("the server is not ready: %v", err)
	}
}

// authenticate: the token is the name of the user.
func authenticate(_ context.Context, token string) (*authenticator.Response, bool, error) {
	if !slices.Contains([]string{"viewer", "editor", "onboarder"}, token) {
		return nil, false, nil
	}
	return &authenticator.Response{User: &user.DefaultInfo{Name: token, Groups: []string{user.AllAuthenticated}}}, true, nil
}

// as returns a client configuration for the user; "" is anonymous.
func (s *testServer) as(name string) *restclient.Config {
	if name == "admin" {
		return restclient.CopyConfig(s.admin)
	}
	config := restclient.AnonymousClientConfig(s.admin)
	config.BearerToken = name
	return config
}

func (s *testServer) client() versioned.Interface {
	return versioned.NewForConfigOrDie(s.as("admin"))
}

type response struct {
	code   int
	header http.Header
	body   string
}

// do sends a request as the user and fails the test if there is no answer.
func (s *testServer) do(name, method, path string, header map[string]string, body []byte) response {
	s.t.Helper()
	answer, err := s.try(name, method, path, header, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func (s *testServer) try(name, method, path string, header map[string]string, body []byte) (response, error) {
	transport, err := restclient.TransportFor(s.as(name))
	if err != nil {
		return response{}, err
	}
	request, err := http.NewRequest(method, s.admin.Host+path, bytes.NewReader(body))
	if err != nil {
		return response{}, err
	}
	if method != http.MethodGet {
		request.Header.Set("Content-Type", "application/json")
	}
	for key, value := range header {
		request.Header.Set(key, value)
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, string(content)}, err
}

// path of a resource in the namespace of the tests.
func path(parts ...string) string {
	return strings.Join(append([]string{"/apis/omni.cast.ai/v1beta1/namespaces", namespace}, parts...), "/")
}
