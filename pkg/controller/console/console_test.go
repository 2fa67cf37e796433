// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/fake"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/test/object"
)

// signedIn reaches one cloud; of a connector nothing else is asked.
type signedIn struct {
	connection.Connector
	cloud   cloud.Provider
	refused error
}

func (s signedIn) Provider(context.Context, *v1beta1.EdgeLocation) (cloud.Provider, error) {
	return s.cloud, s.refused
}

// talkative is a cloud whose consoles are long.
type talkative struct{ cloud.Provider }

func (talkative) ConsoleOutput(context.Context, string) (string, error) {
	return "first" + strings.Repeat("x", v1beta1.MaxConsoleOutputBytes), nil
}

func TestConsole(t *testing.T) {
	launched := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "launched"},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "oregon"},
		Status:     v1beta1.EdgeStatus{InstanceID: "i-1"},
	}
	pending, lost := launched.DeepCopy(), launched.DeepCopy()
	pending.Name, pending.Status.InstanceID = "pending", ""
	lost.Name, lost.Spec.EdgeLocationName = "lost", "gone"
	location := &v1beta1.EdgeLocation{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "oregon"}}
	custom, joined := location.DeepCopy(), pending.DeepCopy()
	custom.Name, custom.Spec.Provider = "berlin", v1beta1.ProviderCustom
	joined.Name, joined.Spec.EdgeLocationName = "joined", "berlin"
	scheme := object.Scheme(t)
	unreachable := &cloud.Error{Class: cloud.ClassTransient, Err: errors.New("no route to host " + strings.Repeat("!", 2048))}
	for name, test := range map[string]struct {
		method, path string
		console      error // what the cloud answers
		signIn, omni error
		code         int
		want         string
	}{
		"launched":            {path: "team-a/launched", code: http.StatusOK, want: "console of i-1"},
		"not launched yet":    {path: "team-a/pending", code: http.StatusConflict, want: "not launched yet"},
		"no such edge":        {path: "team-a/missing", code: http.StatusNotFound, want: "not found"},
		"of no cloud":         {path: "team-a/joined", code: http.StatusConflict, want: "look at the machine itself"},
		"other namespace":     {path: "team-b/launched", code: http.StatusNotFound, want: "not found"},
		"no location":         {path: "team-a/lost", code: http.StatusServiceUnavailable, want: "read the edge location"},
		"cloud is silent":     {path: "team-a/launched", console: unreachable, code: http.StatusServiceUnavailable, want: "console of i-1: CloudUnreachable: no route to host"},
		"credentials refused": {path: "team-a/launched", signIn: errors.New("Secret has no key"), code: http.StatusServiceUnavailable, want: "Secret has no key"},
		"API server silent":   {path: "team-a/launched", omni: errors.New("connection refused"), code: http.StatusServiceUnavailable, want: "read the edge: connection refused"},
		"write":               {method: http.MethodPost, path: "team-a/launched", code: http.StatusMethodNotAllowed},
		"no name":             {path: "team-a", code: http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			provider := fake.New(testingclock.NewFakePassiveClock(metav1.Now().Time))
			if test.console != nil {
				provider.Fail("ConsoleOutput", test.console)
			}
			reader := interceptor.NewClient(
				fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(launched, pending, lost, location, custom, joined).Build(),
				interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if test.omni != nil {
						return test.omni
					}
					return c.Get(ctx, key, o, opts...)
				}})
			method := http.MethodGet
			if test.method != "" {
				method = test.method
			}
			answer := ask(&Handler{Omni: reader, Connect: signedIn{cloud: provider, refused: test.signIn}}, method, test.path)
			if answer.Code != test.code || !strings.Contains(answer.Body.String(), test.want) {
				t.Errorf("%d %s, want %d with %q", answer.Code, answer.Body, test.code, test.want)
			}
			if answer.Body.Len() > 2048 {
				t.Errorf("the answer has %d bytes", answer.Body.Len())
			}
			var status metav1.Status
			if test.want == "" || test.code == http.StatusOK {
				return
			}
			if err := json.Unmarshal(answer.Body.Bytes(), &status); err != nil || status.Kind != "Status" || int(status.Code) != test.code {
				t.Errorf("%s is no Status of %d: %v", answer.Body, test.code, err)
			}
		})
	}

	reader := fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(launched, location).Build()
	answer := ask(&Handler{Omni: reader, Connect: signedIn{cloud: talkative{}}}, http.MethodGet, "team-a/launched")
	if answer.Body.Len() != v1beta1.MaxConsoleOutputBytes || strings.Contains(answer.Body.String(), "first") {
		t.Errorf("%d bytes of a long console, want its last %d", answer.Body.Len(), v1beta1.MaxConsoleOutputBytes)
	}
}

func ask(handler *Handler, method, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	handler.Routes().ServeHTTP(answer, httptest.NewRequest(method, v1beta1.ConsoleOutputPath+path, nil))
	return answer
}
