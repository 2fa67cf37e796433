// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the lab's command line.
package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/utils/clock"

	"github.com/castai/omni/hack/lab/internal/flock"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// New returns the lab's root command.
func New() *cobra.Command {
	var dir string
	root := &cobra.Command{
		Use:   "lab",
		Short: "Run OMNI for real on this machine",
		Long: `Run OMNI for real on this machine: a main and an edge Kubernetes control plane,
Liqo, emulated clouds and the product, as plain processes on loopback.`,
		Example: `  lab up                     # everything; prints how long each step took
  source .lab/env            # KUBECONFIG, kubectl, and where the clouds' CLIs go
  kubectl get nodes
  lab stop omni-controller --signal KILL && lab start omni-controller
  lab down`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&dir, "dir", "", "the lab's directory (default .lab in the checkout)")
	find := func() (layout.Lab, error) { return layout.Find(dir) }
	root.AddCommand(buildCommand(find), upCommand(find), downCommand(find), statusCommand(find),
		startCommand(find), stopCommand(find), virtualKubeletsCommand())
	return root
}

// finder finds the lab that the flags name.
type finder func() (layout.Lab, error)

// exclusive finds the lab and keeps other commands from changing it meanwhile.
func (find finder) exclusive(ctx context.Context) (lab layout.Lab, unlock func(), err error) {
	if lab, err = find(); err != nil {
		return lab, nil, err
	}
	if err := os.MkdirAll(lab.Dir, 0o700); err != nil {
		return lab, nil, err
	}
	unlock, err = flock.Lock(ctx, lab.Path("lock"))
	return lab, unlock, err
}

func printer(cmd *cobra.Command) *progress.Printer {
	return progress.New(cmd.OutOrStdout(), term.IsTerminal(int(os.Stdout.Fd())), clock.RealClock{})
}
