// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Workload is a file of pods.
type Workload struct {
	Name   string  `json:"name"`
	Note   string  `json:"note,omitempty"`
	Groups []Group `json:"groups"`
}

// Group is a number of pods that differ in their names only: <name>-<index>, the
// index from 0 to Count-1.
type Group struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Count     int               `json:"count"`
	Labels    map[string]string `json:"labels,omitempty"`
	Spec      corev1.PodSpec    `json:"spec"`
}

// Read reads a workload and checks it.
func Read(r io.Reader) (*Workload, error) {
	var w Workload
	if err := json.NewDecoder(r).Decode(&w); err != nil {
		return nil, fmt.Errorf("read the workload: %w", err)
	}
	names := map[string]bool{}
	for i := range w.Groups {
		g := &w.Groups[i]
		if g.Namespace == "" {
			g.Namespace = metav1.NamespaceDefault
		}
		key := g.Namespace + "/" + g.Name
		switch {
		case g.Name == "":
			return nil, fmt.Errorf("groups[%d].name: must not be empty", i)
		case names[key]:
			return nil, fmt.Errorf("groups[%d].name: %q is the name of another group of the namespace", i, g.Name)
		case g.Count < 0:
			return nil, fmt.Errorf("groups[%d].count: is %d, must not be below zero", i, g.Count)
		case len(g.Spec.Containers) == 0:
			return nil, fmt.Errorf("groups[%d].spec.containers: must not be empty", i)
		}
		names[key] = true
	}
	return &w, nil
}

// Pods returns the pods of the groups, in the order of the file.
func (w *Workload) Pods() []*corev1.Pod {
	var pods []*corev1.Pod
	for i := range w.Groups {
		g := &w.Groups[i]
		for index := range g.Count {
			pods = append(pods, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: g.Namespace, Name: fmt.Sprintf("%s-%d", g.Name, index), Labels: g.Labels,
				},
				Spec: g.Spec,
			})
		}
	}
	return pods
}
