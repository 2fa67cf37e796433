// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cmd"
)

const customName = "berlin"

// TestCustomLocation joins a machine that was there before and lets it go again.
// The script is not run, for this machine must not become a node: its token is used
// as the script would, and the node is made in its place.
func TestCustomLocation(t *testing.T) {
	newCustomLocation(t)
	script := joinCommand(t)
	edge := waitingEdge(t)
	checkToken(t, script)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        v1beta1.EdgeNodeName(string(edge.UID)),
			Labels:      map[string]string{v1beta1.LabelEdgeID: string(edge.UID)},
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
		},
		Spec: corev1.NodeSpec{ProviderID: edge.Status.ProviderID},
	}
	if err := lab.edge.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the edge is Ready", func(ctx context.Context) error {
		if err := beat(ctx, node.Name); err != nil {
			return err
		}
		now, err := edges().Get(ctx, edge.Name, metav1.GetOptions{})
		if err == nil && now.Status.Phase != v1beta1.EdgeReady {
			err = fmt.Errorf("it is %q with %s", now.Status.Phase, summary(now.Status.Conditions))
		}
		return err
	})
	eventually(t.Context(), t, "the location is in use", inPhase(customName, v1beta1.EdgeLocationInUse))
	inMain := &corev1.Node{}
	if err := lab.main.Get(t.Context(), client.ObjectKeyFromObject(node), inMain); err != nil {
		t.Fatal(err)
	}
	if want := "castai-omni://custom/berlin/" + string(edge.UID); inMain.Spec.ProviderID != want || inMain.Labels[v1beta1.LabelCSP] != "custom" {
		t.Errorf("the Node has the provider ID %q and the labels %v", inMain.Spec.ProviderID, inMain.Labels)
	}

	if err := edges().Delete(t.Context(), edge.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the edge and its nodes are gone", func(ctx context.Context) error {
		_, err := edges().Get(ctx, edge.Name, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return errors.Join(errors.New("the edge is still there"), err)
		}
		for where, c := range map[string]client.Client{"main": lab.main, "edge": lab.edge} {
			if err := c.Get(ctx, client.ObjectKeyFromObject(node), &corev1.Node{}); !apierrors.IsNotFound(err) {
				return errors.Join(fmt.Errorf("the node of the %s cluster is still there", where), err)
			}
		}
		return nil
	})
}

func newCustomLocation(t *testing.T) {
	t.Helper()
	kubeconfig, err := os.ReadFile(lab.kubeconfig("edge"))
	if err != nil {
		t.Fatal(err)
	}
	create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: teamA, Name: customName + "-kubeconfig"},
		Data:       map[string][]byte{"kubeconfig": kubeconfig},
	})
	t.Cleanup(func() {
		if err := offboard(context.Background(), customName); err != nil {
			t.Errorf("off-board %s: %v", customName, err)
		}
	})
	location := locationObject(customName)
	location.Spec.Provider, location.Spec.Region = v1beta1.ProviderCustom, "berlin"
	if _, err := locations().Create(t.Context(), location, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t.Context(), t, "the location is Ready", isReady(customName))
	eventually(t.Context(), t, "no machine has joined", inPhase(customName, v1beta1.EdgeLocationIncompleteSetup))
}

// joinCommand is what kubectl omni join prints.
func joinCommand(t *testing.T) string {
	t.Helper()
	streams, _, out, errs := genericiooptions.NewTestIOStreams()
	command := cmd.New(streams)
	command.SetArgs([]string{"join", customName, "--kubeconfig", lab.kubeconfig("team-a"), "-n", teamA})
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("kubectl omni join: %v\n%s", err, errs)
	}
	return out.String()
}

func waitingEdge(t *testing.T) *v1beta1.Edge {
	t.Helper()
	list, err := edges().List(t.Context(), metav1.ListOptions{FieldSelector: "spec.edgeLocationName=" + customName})
	if err != nil || len(list.Items) != 1 || list.Items[0].Status.Phase != v1beta1.EdgePending {
		t.Fatalf("edges: %+v, %v, want one that is Pending", list, err)
	}
	return &list.Items[0]
}

var tokenInScript = regexp.MustCompile(`tlsBootstrapToken: ([a-z0-9]{6}\.[a-z0-9]{16})`)

// checkToken asks the edge cluster who the token in the script is.
func checkToken(t *testing.T, script string) {
	t.Helper()
	token := tokenInScript.FindStringSubmatch(script)
	if token == nil {
		t.Fatal("the script has no token")
	}
	config, err := lab.config("edge")
	if err != nil {
		t.Fatal(err)
	}
	config = rest.AnonymousClientConfig(config)
	config.BearerToken = token[1]
	who, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().
		Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || !slices.Contains(who.Status.UserInfo.Groups, "system:bootstrappers:kubeadm:default-node-token") {
		t.Errorf("the token is of %+v, %v", who.Status.UserInfo, err)
	}
}

// beat is a heartbeat of the machine's kubelet.
func beat(ctx context.Context, name string) error {
	node := &corev1.Node{}
	if err := lab.edge.Get(ctx, client.ObjectKey{Name: name}, node); err != nil {
		return err
	}
	now := metav1.Now()
	capacity := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	node.Status.Capacity, node.Status.Allocatable = capacity, capacity
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: now, LastTransitionTime: now,
	}}
	return lab.edge.Status().Update(ctx, node)
}
