// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package app is the command line of omni-apiserver.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	genericapiserver "k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/term"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/options"
	"github.com/castai/omni/pkg/version"
)

// long has the examples in it, because the help by sections prints no others.
const long = `omni-apiserver serves EdgeLocations, NodeTemplates and Edges as an aggregated API of the
main cluster, which authenticates and authorises its callers. It keeps them in its own etcd,
which "omni-apiserver etcd --help" backs up, restores and maintains.

Examples:

  # Nothing but this binary, to try the API out:
  omni-apiserver --standalone

  # One replica with an embedded etcd:
  omni-apiserver --data-dir=/var/lib/omni-apiserver --cluster-id=prod \
    --tls-cert-file=tls.crt --tls-private-key-file=tls.key \
    --kubeconfig=main.kubeconfig --authentication-kubeconfig=main.kubeconfig \
    --authorization-kubeconfig=main.kubeconfig

  # Several replicas on an etcd cluster, inside the main cluster:
  omni-apiserver --bind-address=0.0.0.0 --cluster-id=prod --public-url=https://main.example.com:6443 \
    --etcd-servers=https://etcd.example.com:2379 --etcd-cafile=ca.crt \
    --etcd-certfile=client.crt --etcd-keyfile=client.key --encryption-provider-config=encryption.yaml \
    --tls-cert-file=tls.crt --tls-private-key-file=tls.key`

// NewCommand returns the omni-apiserver command.
func NewCommand() *cobra.Command {
	// The flags of logging ask gates that are not the API server library's own.
	utilruntime.Must(logsapi.AddFeatureGates(utilfeature.DefaultMutableFeatureGate))
	o, logging := options.NewOptions(), logsapi.NewLoggingConfiguration()
	cmd := &cobra.Command{
		Use:          "omni-apiserver",
		Short:        "Serve the omni.cast.ai API to the main cluster",
		Long:         long,
		Version:      version.Get().GitVersion,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.ServerRun.ComponentGlobalsRegistry.Set(); err != nil {
				return err
			}
			if err := logsapi.ValidateAndApply(logging, utilfeature.DefaultFeatureGate); err != nil {
				return err
			}
			if err := o.Complete(); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return err
			}
			return Run(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	// The context ends with SIGTERM or SIGINT.
	cmd.SetContext(genericapiserver.SetupSignalContext())
	sets := o.Flags()
	logsapi.AddFlags(logging, sets.FlagSet("logs"))
	sets.FlagSet("global").Bool("version", false, "Print the version and exit.")
	globalflag.AddGlobalFlags(sets.FlagSet("global"), cmd.Name(), logs.SkipLoggingConfigurationFlags())
	for _, fs := range sets.FlagSets {
		cmd.Flags().AddFlagSet(fs)
	}
	columns, _, _ := term.TerminalSize(cmd.OutOrStdout())
	cliflag.SetUsageAndHelpFunc(cmd, sets, columns)
	cmd.AddCommand(newEtcdCommand())
	return cmd
}

// Run serves until the context ends or the embedded etcd fails. A standalone
// server says on out how to use it.
func Run(ctx context.Context, o *options.Options, out io.Writer) error {
	registerMetrics()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if o.Embedded() {
		member, err := etcd.Start(o.DataDir, o.QuotaBytes)
		if err != nil {
			return err
		}
		// The server drains its requests, which need etcd, before it returns.
		defer member.Close()
		go func() {
			select {
			case err := <-member.Err():
				cancel(fmt.Errorf("the embedded etcd has stopped: %w", err))
			case <-ctx.Done():
			}
		}()
	}
	config, err := o.Config(ctx)
	if err != nil {
		return err
	}
	claim, err := o.Claim(ctx, config.Generic.ClientConfig)
	if err != nil {
		return err
	}
	if claim != nil {
		go func() {
			if err := claim.Hold(ctx); err != nil {
				cancel(err)
			}
		}()
	}
	server, err := config.New()
	if err != nil {
		return err
	}
	if o.Standalone {
		if err := welcomeWhenReady(server, out, o.DataDir); err != nil {
			return err
		}
	}
	if err := server.PrepareRun().RunWithContext(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
