// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package virtualkubelet

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func fieldRef(path string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
}

// pod is as Liqo's Deployment makes it.
func pod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "vk-cast-1-abc", Namespace: "liqo-tenant-edge", UID: "1"},
		Spec: corev1.PodSpec{
			NodeName: "main-1",
			Containers: []corev1.Container{{
				Args: []string{"--nodename=cast-1", "--node-ip=$(POD_IP)", "--literal=$$(POD_IP)"},
				Env: []corev1.EnvVar{
					{Name: "POD_IP", ValueFrom: fieldRef("status.podIP")},
					{Name: "POD_NAME", ValueFrom: fieldRef("metadata.name")},
					{Name: "POD_NAMESPACE", ValueFrom: fieldRef("metadata.namespace")},
					{Name: "VIRTUALNODE_NAME", Value: "cast-1"},
				},
			}},
		},
	}
}

func TestTranslate(t *testing.T) {
	args, env, err := translate(pod(), "/kubeconfig", 4711)
	if err != nil {
		t.Fatal(err)
	}
	wantArgs := []string{"--nodename=cast-1", "--node-ip=127.0.0.1", "--literal=$(POD_IP)", "--listen-port=4711"}
	if !slices.Equal(args, wantArgs) {
		t.Errorf("args %q, want %q", args, wantArgs)
	}
	wantEnv := []string{
		"POD_IP=127.0.0.1", "POD_NAME=vk-cast-1-abc", "POD_NAMESPACE=liqo-tenant-edge", "VIRTUALNODE_NAME=cast-1",
		"KUBECONFIG=/kubeconfig",
	}
	if !slices.Equal(env, wantEnv) {
		t.Errorf("env %q, want %q", env, wantEnv)
	}
}

func TestTranslateReplacesThePort(t *testing.T) {
	p := pod()
	p.Spec.Containers[0].Args = []string{"--listen-port=10250"}
	args, _, err := translate(p, "", 4711)
	if err != nil || !slices.Equal(args, []string{"--listen-port=4711"}) {
		t.Errorf("args %q, %v", args, err)
	}
}

func TestTranslateRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*corev1.PodSpec)
		names  string
	}{
		"a sidecar":          {func(s *corev1.PodSpec) { s.Containers = append(s.Containers, corev1.Container{}) }, "spec.containers"},
		"another field":      {func(s *corev1.PodSpec) { s.Containers[0].Env[0].ValueFrom = fieldRef("spec.nodeName") }, "POD_IP"},
		"a value of another": {func(s *corev1.PodSpec) { s.Containers[0].Env[1].ValueFrom = &corev1.EnvVarSource{} }, "POD_NAME"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := pod()
			test.change(&p.Spec)
			if _, _, err := translate(p, "", 0); err == nil || !strings.Contains(err.Error(), test.names) {
				t.Errorf("error %v, want one that names %s", err, test.names)
			}
		})
	}
}

func TestChildrenFollowPods(t *testing.T) {
	started, ended := make(chan string, 4), make(chan string, 4)
	c := &children{cancel: map[types.UID]context.CancelFunc{}, start: func(ctx context.Context, pod *corev1.Pod) {
		started <- string(pod.UID)
		<-ctx.Done()
		ended <- string(pod.UID)
	}}
	ctx, cancel := context.WithCancel(context.Background())
	unbound := pod()
	unbound.Spec.NodeName = ""
	c.observe(ctx, unbound)
	c.observe(ctx, pod())
	c.observe(ctx, pod()) // an update starts nothing
	if uid := <-started; uid != "1" {
		t.Errorf("started %s", uid)
	}
	deleted := pod()
	deleted.DeletionTimestamp = new(metav1.Now())
	c.observe(ctx, deleted)
	if uid := <-ended; uid != "1" {
		t.Errorf("ended %s", uid)
	}
	c.stop("1") // the event that it has gone comes after the one that it goes

	second := pod()
	second.UID = "2"
	c.observe(ctx, second)
	if uid := <-started; uid != "2" {
		t.Errorf("started %s", uid)
	}
	cancel()
	c.running.Wait()
	if len(started) != 0 || len(ended) != 1 {
		t.Errorf("%d more started, %d ended", len(started), len(ended))
	}
	third := pod()
	third.UID = "3"
	c.observe(ctx, third) // the runner is told to end
	if len(started) != 0 {
		t.Error("started while ending")
	}
}
