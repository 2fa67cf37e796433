// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command omni-controller buys edges for pods that fit nowhere and peers them.
package main

import (
	"os"

	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"

	"github.com/castai/omni/pkg/controller"
)

func main() { os.Exit(cli.Run(newCommand())) }

func newCommand() *cobra.Command {
	o := controller.NewOptions()
	cmd := &cobra.Command{
		Use:          "omni-controller",
		Short:        "Buys machines in edge locations for pods that fit nowhere, and peers them by Liqo",
		Example:      "  omni-controller --cluster-id my-cluster",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			if err := o.Validate(); err != nil {
				return err
			}
			return controller.Run(genericapiserver.SetupSignalContext(), o)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}
