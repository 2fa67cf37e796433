// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package virtualkubelet

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// loopback is every pod's address here: the program runs on this machine.
const loopback = "127.0.0.1"

// translate turns a virtual kubelet's Pod into the arguments and the environment
// of a process: variables as the kubelet expands them, and a port that is free on
// a machine where several run.
func translate(pod *corev1.Pod, kubeconfig string, port int) (args, env []string, err error) {
	if len(pod.Spec.Containers) != 1 {
		return nil, nil, fmt.Errorf("spec.containers: %d, want the virtual kubelet's only", len(pod.Spec.Containers))
	}
	container := pod.Spec.Containers[0]
	values := map[string]string{}
	expand := expansion.MappingFuncFor(values)
	for _, v := range container.Env {
		value := expansion.Expand(v.Value, expand)
		if v.ValueFrom != nil {
			if value, err = fieldValue(pod, v.ValueFrom); err != nil {
				return nil, nil, fmt.Errorf("env %s: %w", v.Name, err)
			}
		}
		values[v.Name] = value
		env = append(env, v.Name+"="+value)
	}
	for _, arg := range container.Args {
		if strings.HasPrefix(arg, "--listen-port=") {
			continue
		}
		args = append(args, expansion.Expand(arg, expand))
	}
	return append(args, fmt.Sprintf("--listen-port=%d", port)), append(env, "KUBECONFIG="+kubeconfig), nil
}

// fieldValue is the downward API, as far as Liqo uses it.
func fieldValue(pod *corev1.Pod, source *corev1.EnvVarSource) (string, error) {
	if source.FieldRef == nil {
		return "", fmt.Errorf("valueFrom: only fieldRef is known here")
	}
	switch source.FieldRef.FieldPath {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "status.podIP":
		return loopback, nil
	default:
		return "", fmt.Errorf("fieldRef %s is not known here", source.FieldRef.FieldPath)
	}
}
