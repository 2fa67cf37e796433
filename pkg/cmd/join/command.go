// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package join lets a machine that somebody has already become an edge of a Custom
// location.
package join

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
)

const example = `  # Join the machine that ssh reaches, as an edge of the location berlin
  kubectl omni join berlin -n team-a > join.sh
  ssh root@192.0.2.7 bash -s < join.sh

  # Print the script for an Edge that was made before
  kubectl omni join berlin --edge berlin-x7k2p -n team-a`

const long = `Print a script that joins a machine to a Custom edge location.

Run the script as root on a machine with Ubuntu or Debian. It installs containerd,
kubelet and kubeadm and joins the location's edge cluster. The script holds a token
that is good for this one machine and for an hour: keep it secret until then.

Every machine is an Edge. This command makes one, unless --edge names one; delete
the Edge to take the machine out again, and run kubeadm reset -f on it.

You need create on edges (omni-editor has it) and create on edges/join-command
(omni-onboarder has it).`

// New returns kubectl omni join.
func New(cluster genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	j := &joiner{streams: streams, spec: v1beta1.EdgeSpec{CapacityType: v1beta1.CapacityOnDemand}}
	cmd := &cobra.Command{
		Use:     "join LOCATION",
		Short:   "Print a script that joins a machine to a Custom edge location",
		Long:    long,
		Example: example,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			namespace, _, err := cluster.ToRawKubeConfigLoader().Namespace()
			if err != nil {
				return fmt.Errorf("find the namespace: %w", err)
			}
			config, err := cluster.ToRESTConfig()
			if err != nil {
				return fmt.Errorf("find the cluster: %w", err)
			}
			client, err := versioned.NewForConfig(config)
			if err != nil {
				return fmt.Errorf("make a client: %w", err)
			}
			j.api, j.namespace, j.spec.EdgeLocationName = client.OmniV1beta1(), namespace, args[0]
			return j.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&j.edge, "edge", "", "an Edge of the location that waits for its machine; default: a new one")
	flags.StringVar(&j.spec.InstanceType, "instance-type", "custom", "what the Node says its machine is (node.kubernetes.io/instance-type)")
	flags.StringVar(&j.spec.Zone, "zone", "", "the zone of the Node (topology.kubernetes.io/zone)")
	flags.StringToStringVar(&j.spec.Labels, "labels", nil, "labels of the Node, for example disk=ssd,rack=4")
	return cmd
}
