// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/castai/omni/pkg/scheduling"
)

// problemFile is a problem in a file, whose maps have names for keys.
type problemFile struct {
	Pods       []*corev1.Pod
	Nodes      []scheduling.Node               `json:",omitempty"`
	Candidates []scheduling.Candidate          `json:",omitempty"`
	Budgets    map[string]scheduling.Budget    `json:",omitempty"`
	Namespaces map[string]map[string]string    `json:",omitempty"`
	Claims     map[string]*corev1.NodeSelector `json:",omitempty"`
}

func write(t rapid.TB, p *scheduling.Problem) []byte {
	t.Helper()
	file := problemFile{Pods: p.Pods, Nodes: p.Nodes, Candidates: p.Candidates, Namespaces: p.Namespaces}
	for template, budget := range p.Budgets {
		if file.Budgets == nil {
			file.Budgets = map[string]scheduling.Budget{}
		}
		file.Budgets[template.Namespace+"/"+template.Name] = budget
	}
	for claim, selector := range p.Claims {
		if file.Claims == nil {
			file.Claims = map[string]*corev1.NodeSelector{}
		}
		file.Claims[claim.String()] = selector
	}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t rapid.TB, data []byte) *scheduling.Problem {
	t.Helper()
	var file problemFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	p := &scheduling.Problem{Pods: file.Pods, Nodes: file.Nodes, Candidates: file.Candidates, Namespaces: file.Namespaces,
		Budgets: map[scheduling.Template]scheduling.Budget{}, Claims: map[types.NamespacedName]*corev1.NodeSelector{}}
	for _, name := range slices.Sorted(maps.Keys(file.Budgets)) {
		namespace, template, _ := strings.Cut(name, "/")
		p.Budgets[scheduling.Template{Namespace: namespace, Name: template}] = file.Budgets[name]
	}
	for _, name := range slices.Sorted(maps.Keys(file.Claims)) {
		namespace, claim, _ := strings.Cut(name, "/")
		p.Claims[types.NamespacedName{Namespace: namespace, Name: claim}] = file.Claims[name]
	}
	return p
}
