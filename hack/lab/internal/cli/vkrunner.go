// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/hack/lab/internal/kube"
	"github.com/castai/omni/hack/lab/internal/virtualkubelet"
)

// virtualKubeletsCommand is a process of the lab, not a command for users.
func virtualKubeletsCommand() *cobra.Command {
	var kubeconfig string
	runner := &virtualkubelet.Runner{}
	cmd := &cobra.Command{
		Use:    "vkrunner",
		Short:  "Run Liqo's virtual kubelets as processes of this machine",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			runner.Cluster = kube.Cluster{Name: "main", Server: config.Host, CA: config.CAData}
			if runner.Client, err = kube.NewClient(kubeconfig); err != nil {
				return err
			}
			if err := os.MkdirAll(runner.StateDir, 0o700); err != nil {
				return err
			}
			return runner.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&kubeconfig, "kubeconfig", "", "an administrator's kubeconfig of the main cluster")
	cmd.Flags().StringVar(&runner.Program, "virtual-kubelet", "", "Liqo's virtual kubelet")
	cmd.Flags().StringVar(&runner.LogDir, "log-dir", "", "gets one log file for each Pod")
	cmd.Flags().StringVar(&runner.StateDir, "state-dir", "", "gets one kubeconfig for each Pod")
	return cmd
}
