// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package cmd is the command line of kubectl omni. Every command has a package of
// its own below this one. Data goes to standard output, progress to standard
// error; a command exits with 0, or with 1 and one sentence that says what to do.
package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/castai/omni/pkg/cmd/join"
	"github.com/castai/omni/pkg/cmd/offboard"
	"github.com/castai/omni/pkg/cmd/onboard"
	"github.com/castai/omni/pkg/cmd/simulate"
	"github.com/castai/omni/pkg/cmd/version"
)

// New returns kubectl omni. Its flags are those of kubectl: --kubeconfig,
// --context, --namespace, --as and the rest.
func New(streams genericiooptions.IOStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:          "kubectl-omni",
		Short:        "Extend a Kubernetes cluster to other regions and clouds",
		Annotations:  map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl omni"},
		SilenceUsage: true,
	}
	cmd.SetIn(streams.In)
	cmd.SetOut(streams.Out)
	cmd.SetErr(streams.ErrOut)
	cluster := genericclioptions.NewConfigFlags(true)
	cluster.AddFlags(cmd.PersistentFlags())
	cmd.AddCommand(
		join.New(cluster, streams),
		offboard.New(cluster, streams),
		onboard.New(cluster, streams),
		simulate.New(cluster, streams),
		version.New(streams),
	)
	return cmd
}
