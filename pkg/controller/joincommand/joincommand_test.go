// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package joincommand

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/test/object"
)

// reached is an edge cluster; of a connector nothing else is asked.
type reached struct {
	connection.Connector
	cluster *edgecluster.Cluster
	err     error
}

func (r reached) EdgeCluster(context.Context, *v1beta1.EdgeLocation) (*edgecluster.Cluster, error) {
	return r.cluster, r.err
}

const uid = "0b1c2d3e-4f50-4161-8273-8495a6b7c8d9"

// waiting is an edge that waits for its machine.
func waiting(name string, change func(*v1beta1.Edge)) *v1beta1.Edge {
	e := &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name, UID: uid},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: "berlin", InstanceType: "custom", Labels: map[string]string{"disk": "ssd"}},
		Status: v1beta1.EdgeStatus{
			Phase: v1beta1.EdgePending, NodeName: v1beta1.EdgeNodeName(uid), ProviderID: "castai-omni://custom/berlin/" + uid,
		},
	}
	if change != nil {
		change(e)
	}
	return e
}

func TestJoinCommand(t *testing.T) {
	scheme := object.Scheme(t)
	custom := &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "berlin"},
		Spec:       v1beta1.EdgeLocationSpec{Provider: v1beta1.ProviderCustom, Region: "berlin"},
		Status:     v1beta1.EdgeLocationStatus{EdgeClusterVersion: "v1.37.1"},
	}
	aws, silent := custom.DeepCopy(), custom.DeepCopy()
	aws.Name, aws.Spec.Provider = "oregon", v1beta1.ProviderAWS
	silent.Name, silent.Status.EdgeClusterVersion = "silent", ""
	now := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	in := func(location string) func(*v1beta1.Edge) {
		return func(e *v1beta1.Edge) { e.Spec.EdgeLocationName = location }
	}
	objects := []client.Object{
		custom, aws, silent, waiting("waiting", nil), waiting("in-aws", in("oregon")), waiting("in-silence", in("silent")), waiting("lost", in("gone")),
		waiting("joined", func(e *v1beta1.Edge) { e.Status.Phase = v1beta1.EdgeReady }),
		waiting("unseen", func(e *v1beta1.Edge) { e.Status.NodeName = "" }),
		waiting("ending", func(e *v1beta1.Edge) { e.DeletionTimestamp, e.Finalizers = &now, []string{v1beta1.FinalizerCleanup} }),
	}
	for name, test := range map[string]struct {
		method, edge string
		cluster      error
		code         int
		want         string
	}{
		"waiting":          {edge: "waiting", code: http.StatusOK, want: "kubeadm join"},
		"GET":              {method: http.MethodGet, edge: "waiting", code: http.StatusMethodNotAllowed},
		"missing":          {edge: "missing", code: http.StatusNotFound, want: "not found"},
		"no location":      {edge: "lost", code: http.StatusServiceUnavailable, want: "read the edge location"},
		"of a cloud":       {edge: "in-aws", code: http.StatusConflict, want: "oregon is in AWS"},
		"joined":           {edge: "joined", code: http.StatusConflict, want: "has joined already"},
		"not seen yet":     {edge: "unseen", code: http.StatusConflict, want: "status.nodeName"},
		"being deleted":    {edge: "ending", code: http.StatusConflict, want: "being deleted"},
		"no version":       {edge: "in-silence", code: http.StatusServiceUnavailable, want: "never answered"},
		"no way to it":     {edge: "waiting", cluster: errors.New("no route to host"), code: http.StatusServiceUnavailable, want: "no route to host"},
		"a word too many":  {edge: "waiting/more", code: http.StatusNotFound},
		"nothing but name": {edge: "", code: http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			remote := fakeclient.NewClientBuilder().WithScheme(scheme).Build()
			handler := &Handler{
				Omni:    fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(),
				Connect: reached{cluster: &edgecluster.Cluster{Client: remote, Server: "https://edge:6443", CA: []byte("CA")}, err: test.cluster},
				Clock:   testingclock.NewFakePassiveClock(now.Time),
			}
			method := test.method
			if method == "" {
				method = http.MethodPost
			}
			ask := func() *httptest.ResponseRecorder {
				answer := httptest.NewRecorder()
				handler.Routes().ServeHTTP(answer, httptest.NewRequest(method, v1beta1.JoinCommandPath+"team-a/"+test.edge, nil))
				return answer
			}
			answer := ask()
			if answer.Code != test.code || !strings.Contains(answer.Body.String(), test.want) {
				t.Fatalf("%d %s, want %d with %q", answer.Code, answer.Body, test.code, test.want)
			}
			var secrets corev1.SecretList
			if err := remote.List(t.Context(), &secrets); err != nil || len(secrets.Items) != map[bool]int{true: 1}[test.code == http.StatusOK] {
				t.Errorf("%d tokens were minted, %v", len(secrets.Items), err)
			}
			if test.code != http.StatusOK {
				return
			}
			var got v1beta1.JoinCommandStatus
			if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || !got.ExpirationTime.Time.Equal(now.Add(time.Hour)) {
				t.Errorf("%+v, %v", got, err)
			}
			for _, want := range []string{"castai-omni://custom/berlin/" + uid, "disk=ssd", "omni.cast.ai/csp=custom", v1beta1.EdgeNodeName(uid), "2026-01-02T04:04:05Z"} {
				if !strings.Contains(got.Script, want) {
					t.Errorf("no %q in the script:\n%s", want, got.Script)
				}
			}
			if strings.Contains(got.Script, corev1.LabelTopologyZone) {
				t.Errorf("a machine without a zone gets one:\n%s", got.Script)
			}
			if again := ask(); again.Body.String() != answer.Body.String() {
				t.Errorf("asked again: %s", again.Body)
			}
		})
	}
}
