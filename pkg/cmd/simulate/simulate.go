// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package simulate decides which machines would be bought, and buys nothing: of
// files, or of the pending pods of a cluster.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/state"
)

const (
	outputTable = "table"
	outputJSON  = "json"
)

const long = `Decide which machines would be bought for pods, and what they cost an hour. Nothing
is bought.

With --catalog and --workload the machines and the pods are read from files. Without
them the pending pods of the cluster are taken, and the machines that its node
templates and edge locations allow.

The bill is compared with the lower bound, which no choice of machines can be below,
and with the bill without edges. Both count --edge-overhead for every machine.`

const example = `  # What would the pending pods of this cluster cost?
  kubectl omni simulate

  # Machines and pods from files, only in two locations, as JSON
  kubectl omni simulate --catalog catalog.json --workload pods.json --locations main,aws-oregon -o json`

// options are the flags.
type options struct {
	catalog, workload string
	locations         []string
	overhead          float64
	output            string
}

// New returns kubectl omni simulate.
func New(cluster genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	o := &options{overhead: state.DefaultEdgeOverhead, output: outputTable}
	cmd := &cobra.Command{
		Use:     "simulate",
		Short:   "Show which machines would be bought for pods, and what they cost",
		Long:    long,
		Example: example,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cluster, streams, clock.RealClock{})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.catalog, "catalog", o.catalog, "File of machines that can be bought, JSON. Needs --workload. Default: what the node templates of the cluster allow.")
	flags.StringVar(&o.workload, "workload", o.workload, "File of groups of pods, JSON. Needs --catalog. Default: the pending pods of the cluster.")
	flags.StringSliceVar(&o.locations, "locations", o.locations, "Locations machines may be bought in; main is the main cluster. Default: all.")
	flags.Float64Var(&o.overhead, "edge-overhead", o.overhead, "What every machine costs besides its price, in US dollars per hour.")
	flags.StringVarP(&o.output, "output", "o", o.output, "table or json.")
	return cmd
}

func (o *options) run(ctx context.Context, cluster genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams, clock clock.PassiveClock) error {
	if err := o.validate(); err != nil {
		return err
	}
	source := o.fromFiles
	if o.catalog == "" {
		source = func() (*scheduling.Problem, error) { return o.fromCluster(ctx, cluster, streams.ErrOut, clock) }
	}
	problem, err := source()
	if err != nil {
		return err
	}
	fmt.Fprintf(streams.ErrOut, "simulate: %d pods, %d offerings\n", len(problem.Pods), len(problem.Candidates))
	result := o.decide(problem, clock)
	if o.output == outputJSON {
		return printJSON(streams.Out, result)
	}
	return printTable(streams.Out, result)
}

func (o *options) validate() error {
	switch {
	case o.output != outputTable && o.output != outputJSON:
		return fmt.Errorf("--output: %q is not known: use table or json", o.output)
	case !(o.overhead >= 0) || math.IsInf(o.overhead, 1):
		return fmt.Errorf("--edge-overhead: %v is no price: use US dollars per hour, 0 or more", o.overhead)
	case o.catalog == "" && o.workload != "":
		return errors.New("--workload needs --catalog: the machines that may be bought for it")
	case o.catalog != "" && o.workload == "":
		return errors.New("--catalog needs --workload: the pods to buy machines for")
	}
	return nil
}
