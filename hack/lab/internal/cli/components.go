// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/castai/omni/hack/lab/internal/build"
)

// The groups of processes that --components selects.
const (
	mainAPI    = "main-api"   // main's etcd and kube-apiserver
	kubernetes = "kubernetes" // the rest of main, and edge
	liqo       = "liqo"
	cloud      = "clouds"
	omniAPI    = "omni-apiserver"
	omni       = "omni-controller"
)

// groups in the order of their needs: each needs those named here.
var groups = []struct {
	name     string
	needs    []string
	programs []build.Program
}{
	{name: mainAPI},
	{name: kubernetes, needs: []string{mainAPI}},
	{name: liqo, needs: []string{kubernetes}},
	{name: cloud, programs: []build.Program{
		{Name: "aws-emulator", Package: "./test/emulator/cmd/aws-emulator"},
		{Name: "gcp-emulator", Package: "./test/emulator/cmd/gcp-emulator"},
		{Name: "oci-emulator", Package: "./test/emulator/cmd/oci-emulator"},
		{Name: "machine-simulator", Package: "./test/emulator/cmd/machine-simulator"},
	}},
	{name: omniAPI, needs: []string{mainAPI}, programs: []build.Program{
		{Name: "omni-apiserver", Package: "./cmd/apiserver"},
		{Name: "kubectl-omni", Package: "./cmd/kubectl-omni"},
	}},
	{name: omni, needs: []string{kubernetes, liqo, cloud, omniAPI}, programs: []build.Program{
		{Name: "omni-controller", Package: "./cmd/controller"},
	}},
}

// all is the default of --components.
func all() []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// selection is which groups to run.
type selection struct{ sets.Set[string] }

// newSelection checks the value of --components.
func newSelection(names []string) (selection, error) {
	s := selection{sets.New(names...)}
	if unknown := s.Difference(sets.New(all()...)); unknown.Len() > 0 {
		return s, fmt.Errorf("--components: unknown %v; known are %v", sets.List(unknown), all())
	}
	for _, g := range groups {
		if missing := sets.New(g.needs...).Difference(s.Set); s.Has(g.name) && missing.Len() > 0 {
			return s, fmt.Errorf("--components: %s needs %v too", g.name, sets.List(missing))
		}
	}
	return s, nil
}

// programs are those of the checkout that the selection runs.
func (s selection) programs() []build.Program {
	var programs []build.Program
	for _, g := range groups {
		if s.Has(g.name) {
			programs = append(programs, g.programs...)
		}
	}
	return programs
}
